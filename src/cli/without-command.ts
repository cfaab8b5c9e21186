import { distance } from "fastest-levenshtein";
import { UsageError } from "../base/errors.ts";
import { splitLine } from "./argv.ts";
import type { CommandTable } from "./command-table.ts";
import { globalFlags } from "./flags.ts";
import { printCommandHelp, printRootHelp } from "./help.ts";
import { printLine } from "./print.ts";
import { versionText } from "./version.ts";

/** Answers a line that names no command: help, version, or what was probably meant. */
export async function runWithoutCommand(
  command: string | undefined,
  words: readonly string[],
  commands: CommandTable,
): Promise<number> {
  if (command === "help") return printHelpOf(splitLine(words, globalFlags, false).operands, commands);
  if (command !== undefined) return printTopicHelp(command, words, commands);
  if (words.includes("--version") || words.includes("-v")) {
    printLine(versionText());
    return 0;
  }
  const unknown = words.find((word) => word.startsWith("-") && !["--help", "-h", "--debug"].includes(word));
  if (unknown !== undefined && !words.includes("--help"))
    throw new UsageError(`Cannot run runhcs: no command given after ${words.join(" ")}`, {
      hint: "See: runhcs --help",
    });
  return printRootHelp(commands);
}

async function printHelpOf(words: readonly string[], commands: CommandTable): Promise<number> {
  const name = words.join(" ");
  if (name === "") return printRootHelp(commands);
  const load = commands[name];
  if (load === undefined) return printTopicHelp(name, [], commands);
  const { default: commandClass } = await load();
  return printCommandHelp(name, commandClass);
}

/** Tells of the commands that begin with a word: `runhcs layer`. @throws {UsageError} if there are none, or another is meant */
function printTopicHelp(topic: string, words: readonly string[], commands: CommandTable): Promise<number> {
  const ofTopic = Object.entries(commands).filter(([name]) => name.startsWith(`${topic} `));
  if (ofTopic.length === 0) throw unknownCommand(topic, commands);
  const [second] = splitLine(words, globalFlags, false).operands;
  if (second !== undefined) throw unknownCommand(`${topic} ${second}`, commands);
  return printRootHelp(Object.fromEntries(ofTopic));
}

function unknownCommand(name: string, commands: CommandTable): UsageError {
  const [nearest] = Object.keys(commands).toSorted((a, b) => distance(name, a) - distance(name, b));
  const meant = nearest !== undefined && distance(name, nearest) <= 2 ? `, did you mean "${nearest}"?` : "";
  return new UsageError(`Cannot run "runhcs ${name}": there is no such command${meant}`, {
    hint: "See: runhcs --help",
  });
}
