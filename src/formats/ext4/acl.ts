import { FormatError } from "../format-error.ts";

/** The form that programs see: version 2, entries of 8 bytes. */
const GENERIC = { version: 2, headerSize: 4, entrySize: 8, tag: 0, permissions: 2, id: 4 } as const;
/** The form on disk: version 1, entries of 4 bytes, or 8 where a user or group is named. */
const STORED = { version: 1, headerSize: 4, shortSize: 4, longSize: 8 } as const;

const NAMED_TAGS = new Set([0x02, 0x08]);
const TAGS = new Set([0x01, 0x02, 0x04, 0x08, 0x10, 0x20]);

/**
 * Converts a POSIX access control list from the form of getxattr and tar to the one of ext4.
 *
 * @throws {FormatError} if it is no such list
 * @see https://docs.kernel.org/filesystems/ext4/attributes.html#posix-acls
 */
export function toStoredAcl(value: Uint8Array): Buffer {
  const generic = Buffer.from(value.buffer, value.byteOffset, value.length);
  const fault = faultOf(generic);
  if (fault !== undefined) throw new FormatError(`a POSIX ACL is damaged: ${fault}`);
  const stored = Buffer.alloc(generic.length);
  stored.writeUInt32LE(STORED.version, 0);
  let end: number = STORED.headerSize;
  for (let at = GENERIC.headerSize; at < generic.length; at += GENERIC.entrySize) {
    const tag = generic.readUInt16LE(at + GENERIC.tag);
    const size = NAMED_TAGS.has(tag) ? STORED.longSize : STORED.shortSize;
    generic.copy(stored, end, at, at + size);
    end += size;
  }
  return stored.subarray(0, end);
}

/**
 * Converts a POSIX access control list from the form of ext4 to the one of getxattr and tar.
 *
 * @throws {FormatError} if it is no such list
 */
export function toGenericAcl(value: Uint8Array): Buffer {
  const stored = Buffer.from(value.buffer, value.byteOffset, value.length);
  if (stored.length < STORED.headerSize || stored.readUInt32LE(0) !== STORED.version)
    throw new FormatError("a POSIX ACL is damaged: its version is not 1");
  const entries: Buffer[] = [];
  for (let at: number = STORED.headerSize; at < stored.length;) {
    const tag = at + 2 <= stored.length ? stored.readUInt16LE(at) : 0;
    const size = NAMED_TAGS.has(tag) ? STORED.longSize : STORED.shortSize;
    if (!TAGS.has(tag) || at + size > stored.length)
      throw new FormatError(`a POSIX ACL is damaged: its entry at byte ${at} is none`);
    const entry = Buffer.alloc(GENERIC.entrySize, 0xff);
    stored.copy(entry, 0, at, at + size);
    entries.push(entry);
    at += size;
  }
  const header = Buffer.alloc(GENERIC.headerSize);
  header.writeUInt32LE(GENERIC.version);
  return Buffer.concat([header, ...entries]);
}

function faultOf(generic: Buffer): string | undefined {
  const { length } = generic;
  if (length < GENERIC.headerSize || (length - GENERIC.headerSize) % GENERIC.entrySize !== 0) {
    return `its length of ${length} bytes is no multiple of 8 plus 4`;
  }
  const version = generic.readUInt32LE(0);
  if (version !== GENERIC.version) return `its version is ${version}, not ${GENERIC.version}`;
  for (let at = GENERIC.headerSize; at < length; at += GENERIC.entrySize) {
    const tag = generic.readUInt16LE(at + GENERIC.tag);
    if (!TAGS.has(tag)) return `an entry has the unknown tag ${tag}`;
  }
  return undefined;
}
