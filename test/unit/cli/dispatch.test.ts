import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UsageError } from "../../../src/base/errors.ts";
import type { CommandTable } from "../../../src/cli/command-table.ts";
import { dispatch } from "../../../src/cli/dispatch.ts";
import { RuntimeCommand } from "../../../src/cli/runtime-command.ts";

const streams = vi.hoisted(() => ({ written: [] as string[] }));
vi.mock("../../../src/cli/print.ts", () => ({
  writeText: (_: number, text: string) => void streams.written.push(text),
  printLine: () => {},
  isTerminal: async () => false,
}));

let folder: string;
let log: string;
/** What the command last run has read. */
let seen: { operands: readonly string[]; flags: Record<string, unknown> } | undefined;

class Plain extends RuntimeCommand {
  static override args = { id: Args.string({ required: true, ignoreStdin: true }) };
  static override flags = { all: Flags.boolean({ char: "a" }), cwd: Flags.string() };
  async run(): Promise<number> {
    const { flags } = await this.parse(Plain);
    seen = { operands: this.operands, flags };
    return 7;
  }
}

class Programs extends RuntimeCommand {
  static override operandsEndFlags = true;
  static override failureCode = 255;
  static override strict = false;
  static override args = { id: Args.string({ required: true, ignoreStdin: true }) };
  static override flags = { cwd: Flags.string(), tty: Flags.boolean({ char: "t" }) };
  async run(): Promise<void> {
    const { flags } = await this.parse(Programs);
    seen = { operands: this.operands, flags };
    if (this.operands.includes("fail")) throw new UsageError("Cannot: told to fail");
  }
}

const commands: CommandTable = {
  plain: async () => ({ default: Plain }),
  programs: async () => ({ default: Programs }),
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-dispatch-"));
  log = join(folder, "log");
  seen = undefined;
});
afterEach(() => {
  streams.written = [];
  rmSync(folder, { recursive: true });
});

function stderr(): string {
  return streams.written.join("");
}

function logged(): unknown[] {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  return lines.map((line): unknown => JSON.parse(line));
}

test("dispatch gives the exit code of the command", async () => {
  expect(await dispatch(["plain", "web"], commands)).toBe(7);
  expect(await dispatch(["programs", "web"], commands)).toBe(0);
});

test("dispatch gives globals and flags to the command, wherever they are", async () => {
  await dispatch(["--root", "/r", "plain", "--cwd", "-x", "web", "-a", "--owner=me"], commands);
  expect(seen).toMatchObject({
    operands: ["web"],
    flags: { root: "/r", cwd: "-x", all: true, owner: "me" },
  });
});

describe("dispatch leaves to a program", () => {
  test.each([
    ["flags of the command", ["ls", "-t", "--cwd", "/x"]],
    ["--help", ["ls", "--help"]],
    ["--debug", ["sh", "--debug"]],
    ["a --log", ["fail", "--log", "LOG"]],
    ["a bad --log-format", ["ls", "--log-format", "xml"]],
    ["a bad switch", ["ls", "--debug=perhaps"]],
    ["repeated words", ["a", "b", "a", "--", "a", "-5"]],
  ])("%s", async (_, program) => {
    const words = program.map((word) => (word === "LOG" ? log : word));
    const code = await dispatch(["programs", "web", ...words], commands);
    expect(seen?.operands).toEqual(["web", ...words]);
    expect(seen?.flags).toEqual({ rootless: "auto", "log-format": "text" });
    expect(code).toBe(words.includes("fail") ? 255 : 0);
    expect(() => readFileSync(log)).toThrow("ENOENT");
    expect(stderr()).toBe(words.includes("fail") ? "Cannot: told to fail\n" : "");
  });
});

describe("dispatch logs one record of", () => {
  test.each([
    ["an unknown command", ["plane", "web"], /there is no such command, did you mean "plain"\?$/, 1],
    ["a missing argument", ["plain"], /missing id$/, 1],
    ["an unknown flag", ["plain", "web", "--nonsense"], /unknown flag --nonsense$/, 1],
    ["a switch set wrongly", ["plain", "--all=x", "web"], /^Cannot set the switch --all to "x"/, 1],
    ["a failed command", ["programs", "web", "fail"], /^Cannot: told to fail$/, 255],
    ["a usage error of a command with its own failure code", ["programs"], /missing id$/, 255],
  ])("%s", async (_, argv, message, code) => {
    expect(await dispatch(["--log", log, "--log-format=json", ...argv], commands)).toBe(code);
    expect(logged()).toEqual([
      { level: "error", msg: expect.stringMatching(message), time: expect.any(String) },
    ]);
    expect(stderr()).toBe(`${(logged()[0] as { msg: string }).msg}\n`);
  });

  test("a failure whose --log stands behind the command", async () => {
    await dispatch(
      ["programs", "--cwd", "/x", "--log", log, "--log-format", "json", "web", "fail"],
      commands,
    );
    expect(logged()).toHaveLength(1);
  });
});

test("dispatch refuses a log format that it does not know", async () => {
  expect(await dispatch(["--log-format", "xml", "plain", "web"], commands)).toBe(1);
  expect(stderr()).toBe('unknown log-format "xml": it is text or json\n');
});

test("dispatch --debug tells the time of each phase", async () => {
  await dispatch(["--debug", "plain", "web"], commands);
  expect(stderr()).toMatch(/^debug: start-up [\d.]+ ms.*\n$/);
});
