/**
 * Splits a command line as runc's users write it, so that oclif's parser can read it.
 *
 * oclif wants flags behind the command, takes the flags of a container's program for its own and reorders
 * repeated words. So the words are split here, by the same flag tables that oclif then reads.
 */
import type { Interfaces } from "@oclif/core";
import { UsageError } from "../base/errors.ts";

/** oclif's table of flags, by long name. */
export type FlagTable = Interfaces.FlagInput;

/** A command line, split. */
export interface SplitLine {
  /** Flags with their values, each spelt as oclif knows it. */
  flags: string[];
  /** Everything else, in order. */
  operands: string[];
}

/**
 * Splits words into flags and operands.
 *
 * Go's spellings are understood: `-name` for `--name`, and `--switch=true`.
 *
 * @param firstOperandEnds whether everything behind the first operand is an operand, whatever it looks like
 * @throws {UsageError} if a switch is set to something else than true or false, or a flag lacks its value
 */
export function splitLine(words: readonly string[], table: FlagTable, firstOperandEnds: boolean): SplitLine {
  const flags: SpeltFlag[] = [];
  const operands: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--" || (firstOperandEnds && isOperand(word))) {
      operands.push(...words.slice(word === "--" ? at + 1 : at));
      break;
    }
    if (isOperand(word)) operands.push(word);
    else {
      const flag = spell(word, table);
      if (flag.takesNextWord) flag.words.push(requireValue(flag.words[0] ?? word, words[++at]));
      flags.push(flag);
    }
  }
  return { flags: lastOfEach(flags, table).flatMap((flag) => flag.words), operands };
}

/**
 * Splits a whole command line at its command, which is one word or two (`layer import`).
 *
 * @param names of all commands
 * @returns the words of the command, the globals in front of it first; no command if there are only flags
 */
export function splitCommand(
  argv: readonly string[],
  globals: FlagTable,
  names: readonly string[],
): { command?: string; words: string[] } {
  const { flags, operands } = splitLine(argv, globals, true);
  const [first, second] = operands;
  if (first === undefined) return { words: flags };
  const pair = `${first} ${second}`;
  const command = names.includes(pair) ? pair : first;
  return { command, words: [...flags, ...operands.slice(command === pair ? 2 : 1)] };
}

/** A lone `-` and negative numbers are operands. */
function isOperand(word: string): boolean {
  return !word.startsWith("-") || word === "-" || /^-\d/.test(word);
}

/** One flag of the line. */
interface SpeltFlag {
  /** Its long name; undefined if there is no such flag, which oclif then tells. */
  name: string | undefined;
  /** The flag as oclif knows it, and its value if that is a word of its own; nothing for a switch set to false. */
  words: string[];
  takesNextWord: boolean;
}

function spell(word: string, table: FlagTable): SpeltFlag {
  const [, text = "", value] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const name = text.length > 1 ? knownName(text, table) : nameOfLetter(word, table);
  const flag = name === undefined ? undefined : table[name];
  if (flag === undefined || text.length === 1) {
    return { name, words: [word], takesNextWord: flag?.type === "option" && value === undefined };
  }
  if (flag.type === "boolean") return { name, words: spellSwitch(text, value, flag), takesNextWord: false };
  const words = value === undefined ? [`--${text}`] : [`--${text}=${value}`];
  return { name, words, takesNextWord: value === undefined };
}

function spellSwitch(name: string, value: string | undefined, flag: FlagTable[string]): string[] {
  if (value === undefined || value === "true" || value === "1") return [`--${name}`];
  const canBeDenied = flag?.type === "boolean" && flag.allowNo === true;
  if (value === "false" || value === "0") return canBeDenied ? [`--no-${name}`] : [];
  throw new UsageError(`Cannot set the switch --${name} to "${value}": it is true or false`);
}

/** The flag that a word names; `--no-x` names the switch `x` if that can be denied. */
function knownName(text: string, table: FlagTable): string | undefined {
  if (Object.hasOwn(table, text)) return text;
  const denied = text.startsWith("no-") ? text.slice("no-".length) : "";
  const flag = Object.hasOwn(table, denied) ? table[denied] : undefined;
  return flag?.type === "boolean" && flag.allowNo === true ? denied : undefined;
}

function nameOfLetter(word: string, table: FlagTable): string | undefined {
  const letter = /^-([^-])(?:=.*)?$/s.exec(word)?.[1];
  return Object.keys(table).find((name) => letter !== undefined && table[name]?.char === letter);
}

/** A flag with a single value may be repeated: an engine's own, and then what its user has added, which counts. */
function lastOfEach(flags: readonly SpeltFlag[], table: FlagTable): SpeltFlag[] {
  return flags.filter(({ name }, at) => {
    const flag = name === undefined ? undefined : table[name];
    if (flag?.type !== "option" || flag.multiple === true) return true;
    return flags.findLastIndex((later) => later.name === name) === at;
  });
}

function requireValue(flag: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new UsageError(`Cannot read the flag ${flag}: it expects a value`);
}

/** The flags of a table that a line names, that have a value without being named, or that must be named. */
export function settableFlags(table: FlagTable, words: readonly string[]): FlagTable {
  const letters = words.filter((word) => /^-[^-]/.test(word)).join("");
  const isSettable = ([name, flag]: [string, FlagTable[string]]): boolean =>
    flag.default !== undefined ||
    flag.required === true ||
    (flag.env !== undefined && process.env[flag.env] !== undefined) ||
    (flag.char !== undefined && letters.includes(flag.char)) ||
    words.some((word) => word === `--${name}` || word === `--no-${name}` || word.startsWith(`--${name}=`));
  return Object.fromEntries(Object.entries(table).filter((entry) => isSettable(entry)));
}
