import type { Config } from "@oclif/core";
import { describe, expect, test } from "vitest";
import { ContainerStateError, UsageError } from "../../../src/base/errors.ts";
import type { CommandClass } from "../../../src/cli/command-table.ts";
import { toUsageError } from "../../../src/cli/usage-error.ts";
import Create from "../../../src/commands/create.ts";
import Exec from "../../../src/commands/exec.ts";
import LayerExpand from "../../../src/commands/layer/expand.ts";
import Kill from "../../../src/commands/kill.ts";

/** Lets oclif's real parser fail on a line. */
async function parserError(commandClass: CommandClass, argv: string[]): Promise<unknown> {
  const config = { bin: "runhcs", scopedEnvVarKeys: () => [], runHook: async () => ({}) };
  class Parsing extends (commandClass as typeof Create) {
    override async run(): Promise<void> {
      await this.parse(commandClass);
    }
  }
  try {
    await new Parsing(argv, config as unknown as Config).execute();
  } catch (error) {
    return error;
  }
  throw new Error(`The parser accepted ${argv.join(" ")}`);
}

describe("toUsageError puts into one line", () => {
  test.each([
    ["a missing argument", Kill, [], 'Cannot run "runhcs it": missing id'],
    ["a missing flag", LayerExpand, ["disk"], 'Cannot run "runhcs it": missing --sizeGB'],
    ["an unknown flag", Kill, ["web", "--nonsense"], 'Cannot run "runhcs it": unknown flag --nonsense'],
    [
      "a superfluous argument",
      Create,
      ["web", "extra"],
      /^Cannot run "runhcs it": unexpected argument: extra$/,
    ],
    [
      "a flag without its value",
      Create,
      ["web", "--bundle"],
      /^Cannot run "runhcs it": flag --bundle expects a value$/,
    ],
    [
      "a value that is no number",
      Exec,
      ["--preserve-fds", "x", "web"],
      /^Cannot run "runhcs it": .*--preserve-fds.* integer.*$/,
    ],
    ["a number out of range", Exec, ["--preserve-fds=-1", "web"], /^Cannot run "runhcs it": .*-1$/],
  ])("%s", async (_, commandClass, argv, message) => {
    const error = toUsageError(await parserError(commandClass, argv), "it");
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "USAGE", hint: "See: runhcs it --help" });
    const text = error instanceof Error ? error.message : "";
    expect(text).toMatch(message);
    expect(text).not.toMatch(/\n|\s{2}/);
  });
});

test.each([
  ["an error of ours", new ContainerStateError("CONTAINER_NOT_FOUND", "web", "x")],
  ["a bug", new TypeError("x")],
  ["something that is no error", "x"],
])("toUsageError leaves %s as it is", (_, error) => {
  expect(toUsageError(error, "state")).toBe(error);
});
