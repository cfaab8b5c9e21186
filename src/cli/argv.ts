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
  const line: SplitLine = { flags: [], operands: [] };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") return { ...line, operands: [...line.operands, ...words.slice(at + 1)] };
    if (isOperand(word)) {
      if (firstOperandEnds) return { ...line, operands: [...line.operands, ...words.slice(at)] };
      line.operands.push(word);
    } else {
      const spelt = spell(word, table);
      line.flags.push(...spelt);
      const last = spelt.at(-1) ?? "";
      if (takesNextWord(last, table)) line.flags.push(requireValue(last, words[++at]));
    }
  }
  return line;
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

function spell(word: string, table: FlagTable): string[] {
  const [, name = "", value] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const flag = name.length > 1 ? table[name] : undefined;
  if (flag === undefined) return [word];
  if (value === undefined) return [`--${name}`];
  if (flag.type !== "boolean") return [`--${name}=${value}`];
  if (value === "true" || value === "1") return [`--${name}`];
  if (value === "false" || value === "0") return [];
  throw new UsageError(`Cannot set the switch --${name} to "${value}": it is true or false`);
}

function requireValue(flag: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new UsageError(`Cannot read the flag ${flag}: it expects a value`);
}

function takesNextWord(word: string, table: FlagTable): boolean {
  const flag = word.startsWith("--") ? table[word.slice(2)] : shortFlag(word, table);
  return flag?.type === "option";
}

function shortFlag(word: string, table: FlagTable): FlagTable[string] | undefined {
  if (!/^-.$/.test(word)) return undefined;
  return Object.values(table).find((flag) => flag.char === word[1]);
}
