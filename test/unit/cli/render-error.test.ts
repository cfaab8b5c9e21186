import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ContainerStateError, RuntimeError, UsageError } from "../../../src/base/errors.ts";
import { failureMessage, reportFailure, reportPhases } from "../../../src/cli/render-error.ts";

// Standard error and whether it is a terminal are the only things that a test cannot have for itself.
const streams = vi.hoisted(() => ({ written: [] as string[], isTerminal: false }));
vi.mock("../../../src/cli/print.ts", () => ({
  writeText: (fd: number, text: string) => void streams.written.push(fd === 2 ? text : `stdout: ${text}`),
  isTerminal: async () => streams.isTerminal,
}));

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-report-"));
  path = join(folder, "log");
});
afterEach(() => {
  streams.isTerminal = false;
  streams.written = [];
  rmSync(folder, { recursive: true });
});

function stderr(): string {
  return streams.written.join("");
}

function logRecords(): unknown[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

describe("failureMessage is one line", () => {
  const suppressed = new ContainerStateError("STATE_IO", "web", "first\n  line");
  suppressed.suppressed.push(new Error("second"), "third");
  test.each([
    ["of an error of ours", new UsageError("Cannot"), "Cannot"],
    ["of several lines", new Error("one\n  two\r\nthree\n"), "one; two; three; "],
    ["of a thrown string", "x\ny", "x; y"],
    [
      "with the failures of the clean-up",
      suppressed,
      "first; line; the clean-up failed too: second; the clean-up failed too: third",
    ],
  ])("%s", (_, error, line) => {
    expect(failureMessage(error)).toBe(line);
  });
});

describe("reportFailure writes to standard error", () => {
  const failure = new UsageError("Cannot do it", { hint: "Do that" });

  test("one line without the hint off a terminal", async () => {
    await reportFailure(failure, { format: "text" });
    expect(stderr()).toBe("Cannot do it\n");
  });

  test("the hint as a second line on a terminal", async () => {
    streams.isTerminal = true;
    await reportFailure(failure, { format: "text" });
    expect(stderr()).toBe("Cannot do it\nhint: Do that\n");
  });

  test("nothing when a program has printed the failure already, which is logged all the same", async () => {
    const printed = new RuntimeError("TOOL_FAILED", "Cannot", { hint: "Do that" });
    printed.alreadyPrinted = true;
    streams.isTerminal = true;
    await reportFailure(printed, { path, format: "json" });
    expect(stderr()).toBe("");
    expect(logRecords()).toMatchObject([{ level: "error", msg: "Cannot" }]);
  });

  test("one line for a failed system call", async () => {
    const error = await fs.promises.readFile(join(folder, "absent")).catch((thrown: unknown) => thrown);
    await reportFailure(error, { format: "text" });
    expect(stderr()).toMatch(/^ENOENT: .*absent'\n$/);
  });

  test("the stack of a bug", async () => {
    await reportFailure(new TypeError("unreachable"), { format: "text" });
    expect(stderr()).toMatch(/^TypeError: unreachable\n {4}at /);
  });
});

describe("reportFailure writes to the log", () => {
  test("exactly one JSON object", async () => {
    await reportFailure(new UsageError("Cannot\nread"), { path, format: "json" });
    const [record, ...further] = logRecords();
    expect(further).toEqual([]);
    expect(record).toEqual({ level: "error", msg: "Cannot; read", time: expect.any(String) });
    expect(Date.parse((record as { time: string }).time)).toBeGreaterThan(Date.now() - 60_000);
  });

  test("one record behind what is there", async () => {
    writeFileSync(path, '{"level":"info","msg":"old"}\n');
    await reportFailure(new UsageError("Cannot"), { path, format: "json" });
    expect(logRecords()).toMatchObject([{ msg: "old" }, { msg: "Cannot" }]);
  });

  test("the phases, in the same record", async () => {
    await reportFailure(new UsageError("Cannot"), { path, format: "json" }, { parse: 1.5 });
    expect(logRecords()).toMatchObject([{ level: "error", msg: "Cannot", phases: { parse: 1.5 } }]);
  });

  test("a line of text in the format text", async () => {
    await reportFailure(new UsageError('Cannot use "x"'), { path, format: "text" });
    expect(readFileSync(path, "utf8")).toMatch(/^time="[^"]+Z" level=error msg="Cannot use \\"x\\""\n$/);
  });

  test.each([undefined, ""])("nothing if its path is %j", async (absent) => {
    await reportFailure(new UsageError("Cannot"), { path: absent, format: "json" });
    expect(stderr()).toBe("Cannot\n");
  });
});

test("reportFailure says what kept it from the log, and reports the failure", async () => {
  await reportFailure(new UsageError("Cannot"), { path: join(folder, "absent/log"), format: "json" });
  expect(stderr()).toMatch(/^Cannot; the log ".*\/absent\/log" cannot be written: ENOENT[^\n]*\n$/);
});

describe("reportPhases writes the times", () => {
  test("to standard error without a log", () => {
    reportPhases({ format: "json" }, { parse: 1.25, execute: 10 });
    expect(stderr()).toMatch(/^debug: parse 1\.[23] ms, execute 10\.0 ms\n$/);
  });

  test("to the log alone with one", () => {
    reportPhases({ path, format: "json" }, { parse: 1.25 });
    expect(stderr()).toBe("");
    expect(logRecords()).toMatchObject([{ level: "debug", phases: { parse: 1.25 } }]);
  });
});
