import { NANOSECONDS_PER_SECOND, type FileEntry } from "../file-entry.ts";
import { quoteName } from "../format-error.ts";
import { toEntryPath } from "./entry-path.ts";
import {
  dialectOf,
  FieldError,
  FIELDS,
  MAX_FILE_SIZE,
  numberAt,
  textAt,
  type Dialect,
  type Field,
} from "./header.ts";
import type { PaxRecords } from "./pax.ts";

const MAX_ID = 0xffff_ffff;

/** What the headers before an entry's own tell of it. */
export interface Extensions {
  pax: PaxRecords;
  /** Name and link target of GNU's `L` and `K` headers. */
  longName?: string | undefined;
  longLink?: string | undefined;
}

/** A header in the archive and what is known of it. */
interface Header {
  bytes: Buffer;
  at: number;
  dialect: Dialect;
  known: Extensions;
}

/** Types by the letter that the header has for them. */
const TYPES: ReadonlyMap<string, FileEntry["type"]> = new Map([
  ["\0", "file"],
  ["0", "file"],
  ["1", "hardlink"],
  ["2", "symlink"],
  ["3", "character"],
  ["4", "block"],
  ["5", "directory"],
  ["6", "fifo"],
  ["7", "file"],
  ["D", "directory"],
  ["S", "file"],
]);

/**
 * Decodes the header at `at` and what extended headers add to it.
 *
 * @returns the entry, whose size is that of the content in the archive
 * @throws {FieldError} if a field does not hold what it must
 */
export function decodeEntry(bytes: Buffer, at: number, known: Extensions): FileEntry {
  const header: Header = { bytes, at, known, dialect: dialectOf(bytes, at) };
  const { pax } = known;
  const name = pax.sparse?.name ?? pax.path ?? known.longName ?? headerName(header);
  const size = pax.size ?? sizeAt(bytes, at, FIELDS.size);
  const type = typeOf(header, name, size);
  const entry: FileEntry = {
    path: toEntryPath(name),
    type,
    mode: numberAt(bytes, at, FIELDS.mode) & 0o7777,
    uid: idOf(header, FIELDS.uid, pax.uid),
    gid: idOf(header, FIELDS.gid, pax.gid),
    size: type === "file" ? size : 0,
    mtime: pax.mtime ?? secondsAt(header, FIELDS.mtime),
  };
  if (entry.path === "" && type !== "directory") throw new FieldError(`it is a ${type} without a name`);
  addTimes(header, entry);
  if (type === "symlink" || type === "hardlink") entry.linkTarget = linkTargetOf(header, type);
  if (type === "character" || type === "block") entry.device = deviceOf(header);
  if (pax.xattrs !== undefined) entry.xattrs = pax.xattrs;
  return entry;
}

function headerName(header: Header): string {
  const name = textAt(header.bytes, header.at, FIELDS.name);
  const prefix = prefixOf(header);
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Go before 1.8 wrote names with a prefix under GNU's magic, where GNU has times. */
function prefixOf({ bytes, at, dialect }: Header): string {
  if (dialect === "v7") return "";
  if (dialect === "gnu" && hasGnuTimes(bytes, at)) return "";
  return textAt(bytes, at, dialect === "star" ? FIELDS.starPrefix : FIELDS.prefix);
}

function hasGnuTimes(bytes: Buffer, at: number): boolean {
  return [FIELDS.gnuAtime, FIELDS.gnuCtime].every(({ offset }) => {
    const first = bytes[at + offset] ?? 0;
    return first === 0 || first >= 0x80 || (first >= 0x30 && first <= 0x37) || first === 0x20;
  });
}

/** Reads a size. @throws {FieldError} if no file can have it */
export function sizeAt(bytes: Buffer, at: number, field: Field): number {
  const size = numberAt(bytes, at, field);
  if (size < 0 || size > MAX_FILE_SIZE)
    throw new FieldError(`its ${field.name} is ${size}, which no file has`);
  return size;
}

/** Before POSIX a directory was a file whose name ends in a slash. */
function typeOf({ bytes, at }: Header, name: string, size: number): FileEntry["type"] {
  const letter = textAt(bytes, at, FIELDS.type, true);
  const type = TYPES.get(letter);
  if (type === undefined) throw new FieldError(`its type ${quoteName(letter)} is not known`);
  if (type !== "file" || !name.endsWith("/")) return type;
  if (size > 0) throw new FieldError(`it is a file of ${size} bytes with the name of a directory`);
  return "directory";
}

function idOf({ bytes, at }: Header, field: Field, known: number | undefined): number {
  const id = known ?? numberAt(bytes, at, field);
  if (id < 0 || id > MAX_ID)
    throw new FieldError(`its ${field.name} is ${id}, which does not fit in 32 bits`);
  return id;
}

function secondsAt({ bytes, at }: Header, field: Field): bigint {
  return BigInt(numberAt(bytes, at, field)) * NANOSECONDS_PER_SECOND;
}

function addTimes(header: Header, entry: FileEntry): void {
  const { bytes, at, dialect, known } = header;
  const isGnu = dialect === "gnu" && hasGnuTimes(bytes, at);
  const { gnuAtime, gnuCtime } = FIELDS;
  if (known.pax.atime !== undefined) entry.atime = known.pax.atime;
  else if (isGnu && bytes[at + gnuAtime.offset] !== 0) entry.atime = secondsAt(header, gnuAtime);
  if (known.pax.ctime !== undefined) entry.ctime = known.pax.ctime;
  else if (isGnu && bytes[at + gnuCtime.offset] !== 0) entry.ctime = secondsAt(header, gnuCtime);
}

function linkTargetOf({ bytes, at, known }: Header, type: "symlink" | "hardlink"): string {
  const text = known.pax.linkpath ?? known.longLink ?? textAt(bytes, at, FIELDS.linkTarget);
  const target = type === "hardlink" ? toEntryPath(text) : text;
  if (target === "") throw new FieldError(`it is a ${type} without a target`);
  return target;
}

function deviceOf({ bytes, at, dialect }: Header): { major: number; minor: number } {
  if (dialect === "v7") return { major: 0, minor: 0 };
  const [major, minor] = [numberAt(bytes, at, FIELDS.major), numberAt(bytes, at, FIELDS.minor)];
  if (major < 0 || minor < 0) throw new FieldError(`its device number is ${major}:${minor}`);
  return { major, minor };
}
