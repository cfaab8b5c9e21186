import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { executorRoot, readSystemRecord, systemFolder } from "../../../../src/hcs/linux/system-context.ts";
import { hostMachine } from "./test-machine.ts";

const RECORD = {
  executor: { name: "crun", path: "/usr/bin/crun", cgroupView: true },
  bundle: "/b",
  sharesPids: true,
  maker: "1.2",
};

let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "runhcs-system-"));
  fs.mkdirSync(systemFolder(root, "web").path, { recursive: true });
});
afterEach(() => fs.rmSync(root, { recursive: true }));

test("no path of a system can be that of a container's state", () => {
  const { path, record, config, pidFile } = systemFolder("/r", "web");
  expect(path).toBe("/r/@hcs/web");
  for (const file of [record, config, pidFile]) expect(file.startsWith(`${path}/`)).toBe(true);
  expect([executorRoot("/r", "crun"), executorRoot("/r", "runc")]).toEqual(["/r/@crun", "/r/@runc"]);
});

describe("readSystemRecord", () => {
  async function read(text?: string): Promise<unknown> {
    const folder = systemFolder(root, "web");
    if (text !== undefined) fs.writeFileSync(folder.record, text);
    return readSystemRecord(hostMachine(), folder);
  }

  test("reads what was written", async () => {
    expect(await read(JSON.stringify(RECORD))).toEqual(RECORD);
  });

  test("takes a record that does not say so for one with pids of its own", async () => {
    const { sharesPids: _, ...rest } = RECORD;
    expect(await read(JSON.stringify(rest))).toEqual({ ...rest, sharesPids: false });
  });

  test.each([
    ["none", undefined],
    ["an empty one", ""],
    ["one cut short", JSON.stringify(RECORD).slice(0, -9)],
    ["one without an executor", '{"bundle":"/b"}'],
    ["one without a bundle", JSON.stringify({ executor: RECORD.executor })],
    ["null", "null"],
  ])("gives undefined for %s", async (_, text) => {
    expect(await read(text)).toBeUndefined();
  });
});
