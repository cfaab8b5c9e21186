import * as Flags from "@oclif/core/flags";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/base/errors.ts";
import { settableFlags, splitCommand, splitLine } from "../../../src/cli/argv.ts";
import { globalFlags } from "../../../src/cli/flags.ts";
import Create from "../../../src/commands/create.ts";
import Exec from "../../../src/commands/exec.ts";
import Kill from "../../../src/commands/kill.ts";

const NAMES = ["create", "exec", "kill", "state", "layer import", "layer"];
const execTable = { ...globalFlags, ...Exec.flags };
/** Without letters no flag can be written in two ways. */
const noShortTable = Object.fromEntries(
  Object.entries(execTable).map(([name, { char: _, ...flag }]) => [name, flag]),
) as typeof execTable;
const killTable = { ...globalFlags, ...Kill.flags };

function splitExec(...words: string[]) {
  return splitLine(words, execTable, true);
}

describe("splitCommand finds the command", () => {
  test.each([
    ["alone", ["state"], "state", []],
    ["in front of its words", ["state", "web"], "state", ["web"]],
    ["behind a global with a value", ["--root", "/r", "state", "web"], "state", ["--root", "/r", "web"]],
    ["behind a global joined to its value", ["--root=/r", "state", "web"], "state", ["--root=/r", "web"]],
    ["behind a switch", ["--debug", "state", "web"], "state", ["--debug", "web"]],
    [
      "behind a value that is a command's name",
      ["--root", "kill", "state", "web"],
      "state",
      ["--root", "kill", "web"],
    ],
    ["behind Go's single dash", ["-root", "/r", "state", "web"], "state", ["--root", "/r", "web"]],
    ["behind a switch set to true", ["--systemd-cgroup=true", "state"], "state", ["--systemd-cgroup"]],
    ["behind a switch set to false", ["--systemd-cgroup=false", "state"], "state", []],
    ["in two words", ["--debug", "layer", "import", "x"], "layer import", ["--debug", "x"]],
    ["in one word that starts a pair", ["layer", "export", "x"], "layer", ["export", "x"]],
    ["that nobody knows", ["statt", "web"], "statt", ["web"]],
    ["and leaves its flags alone", ["kill", "-a", "web"], "kill", ["-a", "web"]],
  ] as const)("%s", (_, argv, command, words) => {
    expect(splitCommand(argv, globalFlags, NAMES)).toEqual({ command, words });
  });

  test.each([
    ["nothing", [], []],
    ["flags only", ["--debug", "--root", "/r"], ["--debug", "--root", "/r"]],
  ] as const)("nowhere in %s", (_, argv, words) => {
    expect(splitCommand(argv, globalFlags, NAMES)).toEqual({ words });
  });
});

describe("splitLine keeps for the program of exec", () => {
  test.each([
    ["a flag that exec has too", ["web", "ls", "-t"], ["web", "ls", "-t"]],
    ["a global flag", ["web", "ls", "--root", "--help"], ["web", "ls", "--root", "--help"]],
    ["repeated words, in order", ["web", "a", "b", "a", "a"], ["web", "a", "b", "a", "a"]],
    ["a -- behind the id", ["web", "--", "ls"], ["web", "--", "ls"]],
    [
      "a -- of its own",
      ["web", "sh", "-c", "ls -- x", "--", "--"],
      ["web", "sh", "-c", "ls -- x", "--", "--"],
    ],
    ["empty words", ["web", "", ""], ["web", "", ""]],
    ["a lone dash", ["web", "cat", "-"], ["web", "cat", "-"]],
  ])("%s", (_, words, operands) => {
    expect(splitExec("--tty", ...words)).toEqual({ flags: ["--tty"], operands });
  });

  test("what follows a -- in front of the id", () => {
    expect(splitExec("-t", "--", "-web", "-t")).toEqual({ flags: ["-t"], operands: ["-web", "-t"] });
  });
});

describe("splitLine reads the flags of exec", () => {
  test.each([
    [
      "with values",
      ["--cwd", "/tmp", "--env", "A=1", "-e", "B=2", "web"],
      ["--cwd", "/tmp", "--env", "A=1", "-e", "B=2"],
    ],
    ["with a value that looks like a flag", ["--env", "-x", "web"], ["--env", "-x"]],
    ["with a value that is a --", ["--cwd", "--", "web"], ["--cwd", "--"]],
    ["with a value that holds an equals sign", ["-env=A=b=c", "web"], ["--env=A=b=c"]],
    ["with an empty value", ["--cwd=", "web"], ["--cwd="]],
    ["with a value of several lines", ["--env=A=1\n2", "web"], ["--env=A=1\n2"]],
    ["with Go's single dash", ["-pid-file", "p", "-tty", "web"], ["--pid-file", "p", "--tty"]],
    ["set to true", ["--tty=true", "--detach=1", "web"], ["--tty", "--detach"]],
    ["set to false", ["--tty=false", "--detach=0", "web"], []],
    ["that nobody knows, for the parser to refuse", ["--nonsense", "web"], ["--nonsense"]],
  ])("%s", (_, words, flags) => {
    expect(splitExec(...words)).toEqual({ flags, operands: ["web"] });
  });

  test.each([
    [["--overlay"], ["--overlay"]],
    [["--no-overlay"], ["--no-overlay"]],
    [["-overlay=false"], ["--no-overlay"]],
    [["--no-tty"], ["--no-tty"]],
  ])("that can be denied: %j", (words, flags) => {
    const table = { ...execTable, overlay: Flags.boolean({ allowNo: true, default: true }) };
    expect(splitLine(words, table, false)).toEqual({ flags, operands: [] });
    expect(settableFlags(table, flags)).toHaveProperty("overlay");
  });

  test.each(["--tty=perhaps", "--tty=", "-detach=TRUE"])("and refuses %s", (word) => {
    expect(() => splitExec(word, "web")).toThrow(UsageError);
    expect(() => splitExec(word, "web")).toThrow(/^Cannot set the switch --(tty|detach) to "/);
  });
});

test.each([["--cwd"], ["-e"], ["web", "--all", "-root"]])(
  "splitLine refuses a flag without its value: %j",
  (...words) => {
    expect(() => splitLine(words, execTable, false)).toThrow(UsageError);
    expect(() => splitLine(words, execTable, false)).toThrow(
      /^Cannot read the flag (--cwd|-e|--root): it expects a value$/,
    );
  },
);

describe("splitLine of a command without a program", () => {
  test.each([
    ["flags behind operands", ["web", "--all", "9"], ["--all"], ["web", "9"]],
    ["a negative number", ["web", "-9"], [], ["web", "-9"]],
    ["a lone dash", ["web", "-"], [], ["web", "-"]],
    ["globals behind operands", ["web", "--root", "/r", "9"], ["--root", "/r"], ["web", "9"]],
    ["operands behind --", ["-a", "--", "-web", "--all"], ["-a"], ["-web", "--all"]],
    ["equal operands", ["web", "web"], [], ["web", "web"]],
  ])("understands %s", (_, words, flags, operands) => {
    expect(splitLine(words, killTable, false)).toEqual({ flags, operands });
  });
});

/** What comes of exec's words: the split line, or the refusal. */
function outcome(words: string[]): unknown {
  try {
    return splitExec(...words);
  } catch (error) {
    return String(error);
  }
}

const word = fc.oneof(
  fc.string(),
  fc.constantFrom("--", "-", "-t", "-tty", "--tty=x", "--root", "-e", "--help", "-h", "exec", "a"),
);

describe("for any words", () => {
  test("a program behind the id of exec comes out untouched and in order", () => {
    const flags = fc.subarray(["--tty", "-d", "--cwd=/x", "-user=1"]);
    fc.assert(
      fc.property(flags, fc.array(word), (own, program) => {
        const line = splitExec(...own, "web", ...program);
        expect(line.operands).toEqual(["web", ...program]);
        expect(line.flags).toHaveLength(own.length);
      }),
    );
  });

  test("globals in front of the command are the globals behind it", () => {
    const value = fc.string({ minLength: 1 });
    const one = fc.oneof(
      fc.constantFrom(["--debug"], ["-debug"], ["--systemd-cgroup=true"]),
      fc.tuple(fc.constantFrom("--root", "-log", "--log-format", "--owner"), value),
      value.map((text) => [`--root=${text}`]),
    );
    fc.assert(
      fc.property(fc.array(one), fc.array(word), (globals, rest) => {
        const before = splitCommand([...globals.flat(), "exec", ...rest], globalFlags, NAMES);
        const behind = splitCommand(["exec", ...globals.flat(), ...rest], globalFlags, NAMES);
        expect(before.command).toBe("exec");
        expect(outcome(before.words)).toEqual(outcome(behind.words));
      }),
    );
  });

  test("no word is lost but the first --, a switch set to false and flags that are repeated", () => {
    const distinct = fc.uniqueArray(word.filter((text) => !/^--?[a-z-]+=/.test(text)));
    fc.assert(
      fc.property(distinct, (all) => {
        // The last word is no flag that lacks its value.
        const words = [...all, "end"];
        const { flags, operands } = splitLine(words, noShortTable, false);
        const lost = words.length - flags.length - operands.length;
        expect([0, words.includes("--") ? 1 : 0]).toContain(lost);
      }),
    );
  });
});

describe("a flag with a single value that is repeated", () => {
  test.each([
    [
      ["--root", "/a", "--root", "/b"],
      ["--root", "/b"],
    ],
    [
      ["--root=/a", "--log", "--root", "--root", "/b"],
      ["--log", "--root", "--root", "/b"],
    ],
    [["-b", "x", "--bundle=y"], ["--bundle=y"]],
    [
      ["-e", "A=1", "-e", "B=2"],
      ["-e", "A=1", "-e", "B=2"],
    ],
  ])("%j means %j", (words, flags) => {
    expect(splitLine(words, { ...execTable, ...Create.flags }, false).flags).toEqual(flags);
  });
});
