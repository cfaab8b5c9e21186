import { readBytes, type ByteSource } from "../byte-io.ts";
import { NO_GUID } from "./guid.ts";
import type { VhdxHeader } from "./header.ts";
import { LOG_SECTOR_SIZE, parseLogEntry, type LogEntry, type LogPatch } from "./log-entry.ts";
import { MIB, vhdxFault } from "./numbers.ts";

const REPAIR_HINT = "Repair it: qemu-img check -r all FILE";
/** Known writers make logs of 1 MiB. */
const LOG_SIZE_MAX = 64 * MIB;
const PATCH_COUNT_MAX = 32768;

/** What the log holds that the file does not yet. */
export interface PendingChanges {
  /** Oldest first. */
  patches: readonly LogPatch[];
  /** Bytes that the file has to have. */
  fileSize: number;
}

/**
 * Reads what the last user of a disk had begun to change and may not have completed.
 *
 * @returns undefined if there is nothing
 * @throws {FormatError} if the log lies outside the file, is larger than any known writer's, or tells of more bytes
 *   than the file has
 */
export function readLog(
  input: ByteSource,
  { logGuid, logOffset, logLength }: VhdxHeader,
): PendingChanges | undefined {
  if (logGuid === NO_GUID) return undefined;
  if (logLength > LOG_SIZE_MAX) {
    throw vhdxFault(`its log of ${logLength} bytes is too large to be replayed`, REPAIR_HINT);
  }
  const log = readBytes(input, logOffset, logLength);
  const entries = activeSequence(log, logGuid);
  const head = entries.at(-1);
  // A log that was opened and not written to yet.
  if (head === undefined) return undefined;
  if (head.flushedFileSize > BigInt(input.size)) {
    throw vhdxFault(`its log tells of ${head.flushedFileSize} bytes, and the file has only ${input.size}`);
  }
  return pendingChanges(entries, input.size, head.lastFileSize);
}

function pendingChanges(entries: readonly LogEntry[], size: number, lastSize: bigint): PendingChanges {
  const patches = entries.flatMap((entry) => entry.patches);
  const fileSize = lastSize > BigInt(size) ? lastSize : BigInt(size);
  if (fileSize > BigInt(Number.MAX_SAFE_INTEGER)) throw vhdxFault(`its log tells of ${fileSize} bytes`);
  if (patches.length > PATCH_COUNT_MAX) {
    throw vhdxFault(`its log holds ${patches.length} changes, too many to be replayed`, REPAIR_HINT);
  }
  for (const { position, length } of patches) {
    const isAligned = (position | length) % BigInt(LOG_SECTOR_SIZE) === 0n;
    if (!isAligned || position + length > fileSize) {
      throw vhdxFault(`its log changes ${length} bytes at ${position} of a file of ${fileSize}`);
    }
  }
  return { patches, fileSize: Number(fileSize) };
}

/** The entries to be replayed, oldest first: the unbroken sequence that holds all it needs and is the newest. */
function activeSequence(log: Buffer, logGuid: string): readonly LogEntry[] {
  const known = new Map<number, LogEntry | undefined>();
  const entryAt = (at: number): LogEntry | undefined => {
    if (!known.has(at)) known.set(at, parseLogEntry(log, at, logGuid));
    return known.get(at);
  };
  let active: readonly LogEntry[] = [];
  for (let start = 0; start < log.length;) {
    const { entries, end } = sequenceFrom(start, log.length, entryAt);
    const newest = entries.at(-1)?.sequence ?? 0n;
    if (newest > (active.at(-1)?.sequence ?? 0n)) active = entries;
    // Behind the end of the log, the front has been looked at.
    start = entries.length > 0 && end > start ? end : start + LOG_SECTOR_SIZE;
  }
  return active;
}

/** The sequence that begins at `start`, from the entry on that its last one needs; empty if that is missing. */
function sequenceFrom(
  start: number,
  logLength: number,
  entryAt: (at: number) => LogEntry | undefined,
): { entries: readonly LogEntry[]; end: number } {
  const entries: LogEntry[] = [];
  const starts = new Map<number, number>();
  let at = start;
  let entry = entryAt(at);
  while (entry !== undefined && !starts.has(at)) {
    const previous = entries.at(-1)?.sequence;
    if (previous !== undefined && entry.sequence !== previous + 1n) break;
    starts.set(at, entries.length);
    entries.push(entry);
    at += entry.length;
    if (at >= logLength) at -= logLength;
    entry = entryAt(at);
  }
  const first = starts.get(entries.at(-1)?.tail ?? -1);
  return first === undefined ? { entries: [], end: start } : { entries: entries.slice(first), end: at };
}
