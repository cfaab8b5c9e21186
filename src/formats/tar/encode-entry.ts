// Encodes headers in the ustar format, after an extended header where ustar cannot hold what is to be told.
// Source: POSIX.1-2017 "pax", ustar Interchange Format and pax Extended Header.

import { NANOSECONDS_PER_SECOND, type FileEntry } from "../file-entry.ts";
import { FormatError, quoteName } from "../format-error.ts";
import { encodePax, toSeconds, xattrPairs, type PaxPair } from "./encode-pax.ts";
import { isEntryPath } from "./entry-path.ts";
import { BLOCK_SIZE, checksumOf, FIELDS, paddedSize, type Field } from "./header.ts";

/** The letter that the header has for a type; none stands for a socket. */
const LETTERS: Record<FileEntry["type"], string> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
  socket: "",
};

/** What the numbers of 8 and of 12 bytes cannot hold, the last byte being a zero. */
const SHORT_LIMIT = 8 ** 7;
const LONG_LIMIT = 8 ** 11;

const NO_DEVICE = { major: 0, minor: 0 };

/** What the fields of a header hold. */
interface Header {
  letter: string;
  name: string;
  prefix?: string;
  linkTarget?: string;
  mode: number;
  uid?: number;
  gid?: number;
  size?: number;
  /** Seconds since 1970. */
  mtime?: number;
  device?: FileEntry["device"];
}

/**
 * Encodes the headers of an entry. The bytes depend on the entry only; what ustar can hold takes one block.
 *
 * @param allocate gives zeros for as many bytes as it is asked for
 * @throws {FormatError} if no tar can hold it
 */
export function encodeEntry(entry: FileEntry, allocate: (size: number) => Buffer): void {
  requireWritable(entry);
  const pairs: PaxPair[] = [];
  const header = toHeader(entry, pairs);
  if (pairs.length === 0) return writeHeader(allocate(BLOCK_SIZE), 0, header);
  const body = encodePax(pairs);
  const end = BLOCK_SIZE + paddedSize(body.length);
  const bytes = allocate(end + BLOCK_SIZE);
  const name = `PaxHeaders/${entry.path.slice(-80)}`;
  writeHeader(bytes, 0, { letter: "x", name, mode: 0o644, size: body.length });
  body.copy(bytes, BLOCK_SIZE);
  writeHeader(bytes, end, header);
}

function requireWritable(entry: FileEntry): void {
  const fault = faultOf(entry);
  if (fault !== undefined)
    throw new FormatError(`Cannot write entry ${quoteName(entry.path)} to a tar: ${fault}`);
}

function faultOf({ path, type, linkTarget = "", device }: FileEntry): string | undefined {
  if (type === "socket") return "a tar holds no sockets";
  if (!isEntryPath(path) && (path !== "" || type !== "directory")) return "its path is not one below a root";
  if (path.includes("\0") || linkTarget.includes("\0")) return "a name holds a zero byte";
  if (type === "symlink" && linkTarget === "") return "it is a symlink without a target";
  if (type === "hardlink" && !isEntryPath(linkTarget)) return `its target is ${quoteName(linkTarget)}`;
  const { major, minor } = device ?? NO_DEVICE;
  const isDevice = fits(major, FIELDS.major) && fits(minor, FIELDS.minor);
  return isDevice ? undefined : `its device number is ${major}:${minor}`;
}

/** @returns what the header can hold; adds to `pairs` what it cannot */
function toHeader(entry: FileEntry, pairs: PaxPair[]): Header {
  const { type, mode, linkTarget = "", device } = entry;
  const path = entry.path === "" ? "./" : type === "directory" ? `${entry.path}/` : entry.path;
  const short = shortName(path);
  if (short === undefined) pairs.push(["path", path]);
  if (linkTarget.length > FIELDS.linkTarget.size) pairs.push(["linkpath", linkTarget]);
  const number = (key: "size" | "uid" | "gid"): number => {
    if (fits(entry[key], FIELDS[key])) return entry[key];
    pairs.push([key, String(entry[key])]);
    return 0;
  };
  const header: Header = {
    letter: LETTERS[type],
    ...(short ?? { name: path }),
    linkTarget,
    mode,
    size: type === "file" ? number("size") : 0,
    uid: number("uid"),
    gid: number("gid"),
    mtime: headerTime(entry.mtime, pairs),
    device: type === "character" || type === "block" ? device : undefined,
  };
  if (entry.atime !== undefined) pairs.push(["atime", toSeconds(entry.atime)]);
  if (entry.ctime !== undefined) pairs.push(["ctime", toSeconds(entry.ctime)]);
  if (entry.xattrs !== undefined) pairs.push(...xattrPairs(entry.xattrs));
  return header;
}

/** @returns the whole seconds, or 0 where the field cannot hold them */
function headerTime(time: bigint, pairs: PaxPair[]): number {
  const seconds = time < 0n ? -1 : Number(time / NANOSECONDS_PER_SECOND);
  const isInRange = fits(seconds, FIELDS.mtime);
  if (!isInRange || time % NANOSECONDS_PER_SECOND !== 0n) pairs.push(["mtime", toSeconds(time)]);
  return isInRange ? seconds : 0;
}

function fits(value: number, field: Field): boolean {
  return value >= 0 && value < (field.size === FIELDS.size.size ? LONG_LIMIT : SHORT_LIMIT);
}

/** Divides a path at a slash, where it is too long for the name alone. */
function shortName(path: string): { name: string; prefix?: string } | undefined {
  if (path.length <= FIELDS.name.size) return { name: path };
  const slash = path.indexOf("/", path.length - FIELDS.name.size - 1);
  const isSplit = slash > 0 && slash <= FIELDS.prefix.size && slash < path.length - 1;
  return isSplit ? { prefix: path.slice(0, slash), name: path.slice(slash + 1) } : undefined;
}

function writeHeader(bytes: Buffer, at: number, header: Header): void {
  const { device = NO_DEVICE } = header;
  writeText(bytes, at, FIELDS.name, header.name);
  writeNumber(bytes, at, FIELDS.mode, header.mode);
  writeNumber(bytes, at, FIELDS.uid, header.uid ?? 0);
  writeNumber(bytes, at, FIELDS.gid, header.gid ?? 0);
  writeNumber(bytes, at, FIELDS.size, header.size ?? 0);
  writeNumber(bytes, at, FIELDS.mtime, header.mtime ?? 0);
  writeText(bytes, at, FIELDS.type, header.letter);
  writeText(bytes, at, FIELDS.linkTarget, header.linkTarget ?? "");
  writeText(bytes, at, FIELDS.magic, "ustar\x0000");
  writeNumber(bytes, at, FIELDS.major, device.major);
  writeNumber(bytes, at, FIELDS.minor, device.minor);
  writeText(bytes, at, FIELDS.prefix, header.prefix ?? "");
  const sum = checksumOf(bytes, at).toString(8).padStart(6, "0");
  writeText(bytes, at, FIELDS.checksum, `${sum}\0 `);
}

function writeText(bytes: Buffer, at: number, field: Field, text: string): void {
  if (text !== "") bytes.write(text, at + field.offset, field.size, "latin1");
}

/** Writes octal digits and leaves a zero behind them. */
function writeNumber(bytes: Buffer, at: number, field: Field, value: number): void {
  let rest = value;
  for (let i = at + field.offset + field.size - 2; i >= at + field.offset; i--) {
    bytes[i] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}
