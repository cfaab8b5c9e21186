/**
 * The formats of control group files: single values, "key value" lines, and lines of "key=value" pairs.
 *
 * The kernel counts in 64 bits without sign, beyond what a JavaScript number holds exactly.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#format
 */
import { join } from "node:path";
import { errnoCode } from "../../../base/errors.ts";
import type { MachineFiles } from "../machine.ts";

/** One control group: a folder of a machine. */
export interface ControlGroup {
  machine: MachineFiles;
  directory: string;
}

/** A counter or limit of the kernel: a bigint only beyond Number.MAX_SAFE_INTEGER. */
export type Count = number | bigint;

/** What `max` stands for: the largest value of 64 bits. */
export const UNLIMITED = 18_446_744_073_709_551_615n;

/** Shrinks a bigint to a number where that loses nothing. */
export function toCount(value: bigint): Count {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Reads a decimal integer or `max`, multiplied by `factor`; undefined when the text is neither. */
export function parseCount(text: string | undefined, factor = 1n): Count | undefined {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "max") return UNLIMITED;
  return /^-?\d+$/.test(trimmed) ? toCount(BigInt(trimmed) * factor) : undefined;
}

/** Reads integers separated by blanks. */
export function parseCounts(text: string): Count[] {
  return text
    .split(/\s+/)
    .map((word) => parseCount(word))
    .filter((count) => count !== undefined);
}

/** Reads lines of `key value`, as in cpu.stat and memory.events; lines of another form are skipped. */
export function parseFlatKeyed(text: string): Map<string, Count> {
  const values = new Map<string, Count>();
  for (const line of text.split("\n")) {
    const blank = line.indexOf(" ");
    const count = parseCount(line.slice(blank + 1));
    if (blank > 0 && count !== undefined) values.set(line.slice(0, blank), count);
  }
  return values;
}

/** Reads lines of `name key=value key=value`, as in io.stat and cpu.pressure. */
export function parseNestedKeyed(text: string): Map<string, Map<string, string>> {
  const values = new Map<string, Map<string, string>>();
  for (const line of text.split("\n")) {
    const [name, ...pairs] = line.split(" ");
    if (name) values.set(name, new Map(pairs.map((pair) => splitPair(pair))));
  }
  return values;
}

/**
 * Reads a list of numbers and ranges, as in cpuset.cpus.
 *
 * @example parseRanges("0-2,5\n") // [0, 1, 2, 5]
 */
export function parseRanges(text: string): number[] {
  const numbers: number[] = [];
  for (const range of text.trim().split(",")) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    for (let number = Number(first); number <= Number(last); number++) numbers.push(number);
  }
  return numbers;
}

/**
 * Reads a file of a control group; undefined when it is not there.
 *
 * Files whose controller does not suit the group answer EOPNOTSUPP.
 *
 * @throws any other system error
 */
export async function readOptional(
  { machine, directory }: ControlGroup,
  file: string,
): Promise<string | undefined> {
  try {
    return await machine.readText(join(directory, file));
  } catch (error) {
    if (["EOPNOTSUPP", "ENOTSUP"].includes(errnoCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** Reads a file that holds one count. */
export async function readCount(group: ControlGroup, file: string): Promise<Count | undefined> {
  return parseCount(await readOptional(group, file));
}

/** Whether the control group still exists. */
export async function isPresent({ machine, directory }: ControlGroup): Promise<boolean> {
  return machine.exists(join(directory, "cgroup.procs"));
}

/** Lists the huge page sizes that have files `hugetlb.SIZE.SUFFIX`. */
export async function hugePageSizes({ machine, directory }: ControlGroup, suffix: string): Promise<string[]> {
  return (await machine.list(directory))
    .map((name) => name.split("."))
    .filter(([first, , third, ...rest]) => first === "hugetlb" && third === suffix && rest.length === 0)
    .map(([, size]) => size ?? "")
    .toSorted();
}

/** Turns the lines of a stat file into an object with its keys in order. */
export function toSortedRecord(values: ReadonlyMap<string, Count>): Record<string, Count> {
  return Object.fromEntries([...values].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function splitPair(pair: string): [string, string] {
  const sign = pair.indexOf("=");
  return sign < 0 ? [pair, ""] : [pair.slice(0, sign), pair.slice(sign + 1)];
}
