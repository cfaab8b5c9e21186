import type { Config } from "@oclif/core";
import { splitCommand, splitLine, type SplitLine } from "./argv.ts";
import type { CommandClass, CommandTable } from "./command-table.ts";
import { globalFlags } from "./flags.ts";
import { requireOneOf } from "./open-runtime.ts";
import { Phases } from "./phases.ts";
import { reportFailure, reportPhases, type FailureLog } from "./render-error.ts";
import { toUsageError } from "./usage-error.ts";

/** What is known of a call before its command has read it. */
interface Call {
  name: string;
  log: FailureLog;
  debug: boolean;
  failureCode: number;
}

/** Runs one command line. @returns the exit code */
export async function dispatch(argv: readonly string[], commands: CommandTable): Promise<number> {
  const phases = new Phases();
  const call: Call = { name: "", log: { format: "text" }, debug: false, failureCode: 1 };
  try {
    const code = await runLine(argv, commands, call, phases);
    phases.mark("finish");
    if (call.debug) reportPhases(call.log, phases.times());
    return code;
  } catch (error) {
    await reportFailure(toUsageError(error, call.name), call.log, call.debug ? phases.times() : undefined);
    return call.failureCode;
  }
}

async function runLine(
  argv: readonly string[],
  commands: CommandTable,
  call: Call,
  phases: Phases,
): Promise<number> {
  const { command, words } = splitCommand(argv, globalFlags, Object.keys(commands));
  noteGlobals(call, splitLine(words, globalFlags, true));
  const load = command === undefined ? undefined : commands[command];
  if (command === undefined || load === undefined) {
    const { runWithoutCommand } = await import("./without-command.ts");
    return runWithoutCommand(command, words, commands);
  }
  call.name = command;
  const { default: commandClass } = await load();
  call.failureCode = commandClass.failureCode;
  const line = splitLine(words, { ...globalFlags, ...commandClass.flags }, commandClass.operandsEndFlags);
  noteGlobals(call, line);
  if (line.flags.includes("--help") || line.flags.includes("-h")) {
    const { printCommandHelp } = await import("./help.ts");
    return printCommandHelp(command, commandClass);
  }
  requireOneOf("log-format", call.log.format, ["text", "json"]);
  return runCommand(commandClass, command, line, { phases, commands });
}

async function runCommand(
  commandClass: CommandClass,
  name: string,
  { flags, operands }: SplitLine,
  { phases, commands }: { phases: Phases; commands: CommandTable },
): Promise<number> {
  commandClass.id = name;
  const command = new commandClass([...flags, "--", ...operands], minimalConfig());
  command.operands = operands;
  command.phases = phases;
  command.commands = commands;
  return command.execute();
}

/** The log must be known before the command is, because a line that cannot be read is logged too. */
function noteGlobals(call: Call, { flags }: SplitLine): void {
  const valueOf = (name: string): string | undefined => {
    const at = flags.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
    const word = flags[at];
    return word === name ? flags[at + 1] : word?.slice(name.length + 1);
  };
  call.debug = flags.includes("--debug");
  call.log = { path: valueOf("--log"), format: valueOf("--log-format") ?? "text" };
}

/**
 * What oclif's command class asks of its configuration. Its own is read from package.json and several folders
 * of the user at every start.
 */
function minimalConfig(): Config {
  const config = {
    bin: "runhcs",
    topicSeparator: " ",
    scopedEnvVarKeys: () => [],
    runHook: async () => ({ successes: [], failures: [] }),
  };
  return config as unknown as Config;
}
