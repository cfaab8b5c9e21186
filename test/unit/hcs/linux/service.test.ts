import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InitAttachment, LinuxContainerDocument } from "../../../../src/hcs/compute-service.ts";
import type { Machine } from "../../../../src/hcs/linux/machine.ts";
import { LinuxComputeService } from "../../../../src/hcs/linux/service.ts";
import { isAlreadyExists, isNotExist } from "../../../../src/hcs/results.ts";
import { hostMachine } from "./test-machine.ts";

const ATTACHMENT: InitAttachment = { preserveFds: 0, detached: true, noPivot: false, noNewKeyring: false };

let folder: string;
let root: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "runhcs-service-"));
  root = join(folder, "state");
  fs.mkdirSync(join(folder, "rootfs"));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function open(machine: Machine): LinuxComputeService {
  return new LinuxComputeService(machine, {
    root,
    systemdCgroup: false,
    rootless: "auto",
    executor: "runc",
  });
}

function document(args: string[] = []): LinuxContainerDocument {
  const process = { args, cwd: "/", user: { uid: 0, gid: 0 } };
  return {
    SchemaVersion: { Major: 2, Minor: 1 },
    OciBundlePath: folder,
    OciSpecification: { ociVersion: "1.2.0", process, root: { path: "rootfs" } },
  };
}

describe("of a system that cannot be made nothing is kept when", () => {
  test.each(["system.json", "config.json"])("its %s cannot be written", async (name) => {
    const machine = hostMachine();
    const full: Machine = {
      ...machine,
      writeText: async (path, text) => {
        if (path.endsWith(name)) throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
        await machine.writeText(path, text);
      },
    };
    await expect(open(full).createSystem("web", document(), ATTACHMENT)).rejects.toMatchObject({
      code: "STATE_IO",
      message: `Cannot keep the state of container "web" in "${root}/@hcs/web": ENOSPC: no space left`,
    });
    expect(fs.readdirSync(join(root, "@hcs"))).toEqual([]);
  });

  test("its executor cannot be started", async () => {
    await expect(open(hostMachine()).createSystem("web", document(), ATTACHMENT)).rejects.toThrow(
      "This test starts no program",
    );
    expect(fs.readdirSync(join(root, "@hcs"))).toEqual([]);
  });

  test("its program is not there, before anything is made", async () => {
    await expect(
      open(hostMachine()).createSystem("web", document(["no-such"]), ATTACHMENT),
    ).rejects.toMatchObject({
      code: "PROCESS_FAILED",
    });
    expect(fs.existsSync(join(root, "@hcs"))).toBe(false);
  });
});

test("a system that exists keeps its id and its files", async () => {
  fs.mkdirSync(join(root, "@hcs/web"), { recursive: true });
  fs.writeFileSync(join(root, "@hcs/web/system.json"), "{}");
  const error: unknown = await open(hostMachine())
    .createSystem("web", document(), ATTACHMENT)
    .catch((thrown: unknown) => thrown);
  expect(isAlreadyExists(error)).toBe(true);
  expect(fs.readdirSync(join(root, "@hcs/web"))).toEqual(["system.json"]);
});

test("a system that nobody has made is not found", async () => {
  const error: unknown = await open(hostMachine())
    .openSystem("web")
    .catch((thrown: unknown) => thrown);
  expect(isNotExist(error)).toBe(true);
  expect(await open(hostMachine()).enumerateSystems()).toEqual([]);
});
