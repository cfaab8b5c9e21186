// Extended headers: records "LENGTH KEY=VALUE\n" that replace or add to the fields of the header that follows.
// Sources: POSIX.1-2017 "pax", pax Header Block and Extended Header; GNU tar manual; libarchive's tar(5); star(5).

import { NANOSECONDS_PER_SECOND } from "../file-entry.ts";
import { quoteName } from "../format-error.ts";
import { FieldError, MAX_FILE_SIZE } from "./header.ts";
import { SparseRuns } from "./sparse-runs.ts";

const XATTR_KEY = "SCHILY.xattr.";
const ENCODED_XATTR_KEY = "LIBARCHIVE.xattr.";
const SPARSE_KEY = "GNU.sparse.";

/** What extended headers tell of an entry; what they leave out is for the header itself to tell. */
export interface PaxRecords {
  path?: string | undefined;
  linkpath?: string | undefined;
  size?: number | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
  mtime?: bigint | undefined;
  atime?: bigint | undefined;
  ctime?: bigint | undefined;
  xattrs?: Map<string, Uint8Array>;
  /** Access control lists as texts. */
  aclAccess?: string | undefined;
  aclDefault?: string | undefined;
  sparse?: SparseRecords;
}

/** What extended headers tell of a sparse file. */
export interface SparseRecords {
  /** "1" and "0" if a map precedes the data. */
  major?: string;
  minor?: string;
  name?: string;
  realSize?: number;
  /** The map, if it is in the header. */
  runs?: SparseRuns;
  /** An offset that still lacks its length. */
  offset?: number;
}

/** One record: its key, and where in `bytes` its value lies. */
interface PaxRecord {
  key: string;
  bytes: Buffer;
  start: number;
  end: number;
}

/**
 * Reads the records between `start` and `end` into `into`; an empty value takes an earlier one back.
 *
 * @throws {FieldError} if a record is malformed
 */
export function readPax(bytes: Buffer, [start, end]: readonly [number, number], into: PaxRecords): void {
  let at = start;
  while (at < end) {
    const record = recordAt(bytes, at, end);
    takeRecord(record, into);
    at = record.end + 1;
  }
  if (into.sparse?.offset !== undefined) throw new FieldError("its sparse map lacks the last length");
}

function recordAt(bytes: Buffer, start: number, end: number): PaxRecord {
  let length = 0;
  let at = start;
  for (; at < end && length <= end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    length = length * 10 + digit;
  }
  const next = start + length;
  if (at === start || bytes[at] !== 0x20 || next > end || next <= at + 1 || bytes[next - 1] !== 0x0a)
    throw new FieldError(`byte ${start} of its extended header starts no record`);
  let equals = at + 1;
  while (equals < next && bytes[equals] !== 0x3d) equals++;
  if (equals === next || equals === at + 1)
    throw new FieldError(`the record at byte ${start} of its extended header has no key`);
  return { key: bytes.toString("latin1", at + 1, equals), bytes, start: equals + 1, end: next - 1 };
}

function takeRecord(record: PaxRecord, into: PaxRecords): void {
  const { key } = record;
  const isEmpty = record.start === record.end;
  switch (key) {
    case "path":
    case "linkpath":
      into[key] = isEmpty ? undefined : nameOf(record);
      break;
    case "size":
    case "uid":
    case "gid":
      into[key] = isEmpty ? undefined : toNumber(textOf(record), key);
      break;
    case "mtime":
    case "atime":
    case "ctime":
      into[key] = isEmpty ? undefined : toNanoseconds(textOf(record));
      break;
    case "SCHILY.acl.access":
      into.aclAccess = isEmpty ? undefined : textOf(record);
      break;
    case "SCHILY.acl.default":
      into.aclDefault = isEmpty ? undefined : textOf(record);
      break;
    default:
      if (key.startsWith(XATTR_KEY)) takeXattr(record, into);
      else if (key.startsWith(ENCODED_XATTR_KEY)) takeEncodedXattr(record, into);
      else if (key.startsWith(SPARSE_KEY) && !isEmpty) takeSparse(record, (into.sparse ??= {}));
  }
}

function textOf({ bytes, start, end }: PaxRecord): string {
  return bytes.toString("latin1", start, end);
}

function nameOf(record: PaxRecord): string {
  const name = textOf(record);
  if (name.includes("\0")) throw new FieldError(`its ${record.key} record holds a zero byte`);
  return name;
}

function toNumber(text: string, key: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= MAX_FILE_SIZE) return value;
  throw new FieldError(`its ${key} record holds ${quoteName(text)}, which is no number up to 2^52`);
}

/**
 * Converts seconds since 1970 with any number of decimals to nanoseconds.
 *
 * @throws {FieldError} if `text` is no such number
 * @example toNanoseconds("-1.5") // -1500000000n
 */
export function toNanoseconds(text: string): bigint {
  const [, sign, seconds = "", decimals = ""] = /^(-?)(\d{1,18})(?:\.(\d*))?$/.exec(text) ?? [];
  if (sign === undefined)
    throw new FieldError(`a time record holds ${quoteName(text)}, which is no number of seconds`);
  const size = BigInt(seconds) * NANOSECONDS_PER_SECOND + BigInt(decimals.slice(0, 9).padEnd(9, "0"));
  return sign === "-" ? -size : size;
}

/** GNU tar writes "=" and "%" in names as %3D and %25, because "=" ends the key. */
function takeXattr(record: PaxRecord, into: PaxRecords): void {
  const name = record.key.slice(XATTR_KEY.length);
  const decoded = name.includes("%")
    ? name.replace(/%3D|%25/g, (code) => (code === "%25" ? "%" : "="))
    : name;
  setXattr(into, decoded, Buffer.from(record.bytes.subarray(record.start, record.end)));
}

/** bsdtar writes each attribute twice; the plain form is exact and wins. */
function takeEncodedXattr(record: PaxRecord, into: PaxRecords): void {
  const name = record.key
    .slice(ENCODED_XATTR_KEY.length)
    .replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  if (into.xattrs?.has(name) !== true) setXattr(into, name, Buffer.from(textOf(record), "base64"));
}

function setXattr(into: PaxRecords, name: string, value: Buffer): void {
  if (name === "" || name.includes("\0"))
    throw new FieldError("its extended header names an attribute that cannot exist");
  (into.xattrs ??= new Map()).set(name, value);
}

function takeSparse(record: PaxRecord, into: SparseRecords): void {
  switch (record.key.slice(SPARSE_KEY.length)) {
    case "major":
      into.major = textOf(record);
      break;
    case "minor":
      into.minor = textOf(record);
      break;
    case "name":
      into.name = nameOf(record);
      break;
    case "size":
    case "realsize":
      into.realSize = toNumber(textOf(record), record.key);
      break;
    case "offset":
      if (into.offset !== undefined) throw new FieldError("its sparse map has two offsets in a row");
      into.offset = toNumber(textOf(record), record.key);
      break;
    case "numbytes":
      takeLength(toNumber(textOf(record), record.key), into);
      break;
    case "map":
      takeMap(textOf(record), into);
  }
}

function takeLength(length: number, into: SparseRecords): void {
  if (into.offset === undefined) throw new FieldError("its sparse map has a length without an offset");
  (into.runs ??= new SparseRuns()).add(into.offset, length);
  delete into.offset;
}

function takeMap(text: string, into: SparseRecords): void {
  const numbers = text.split(",");
  into.runs = new SparseRuns();
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset, length] = [numbers[i] ?? "", numbers[i + 1] ?? ""];
    into.runs.add(toNumber(offset, "GNU.sparse.map"), toNumber(length, "GNU.sparse.map"));
  }
}
