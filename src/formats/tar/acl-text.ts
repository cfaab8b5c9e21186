// POSIX access control lists in their text form, as GNU tar, star and bsdtar keep them in extended headers.
// Sources: acl(5), "ACL TEXT FORMS"; star(5), SCHILY.acl.access; libarchive's archive_entry_acl(3).

import { quoteName } from "../format-error.ts";
import { FieldError } from "./header.ts";

/** Tags of the entries by their word and whether they name somebody; in the order that kernels want. */
const TAGS = {
  user: { own: 0x01, named: 0x02 },
  group: { own: 0x04, named: 0x08 },
  mask: { own: 0x10 },
  other: { own: 0x20 },
} as const;

const WORDS: ReadonlyMap<string, keyof typeof TAGS> = new Map([
  ["user", "user"],
  ["u", "user"],
  ["group", "group"],
  ["g", "group"],
  ["mask", "mask"],
  ["m", "mask"],
  ["other", "other"],
  ["o", "other"],
]);

/** The form of getxattr: a version, then entries of tag, permissions and id. */
const VERSION = 2;
const HEADER_SIZE = 4;
const ENTRY_SIZE = 8;
/** The id of an entry that names nobody. */
const NO_ID = 0xffff_ffff;
/** Entries that every list has: owner, group and the others. */
const BASE_TAGS = [TAGS.user.own, TAGS.group.own, TAGS.other.own];

interface AclEntry {
  tag: number;
  permissions: number;
  id: number;
}

/** What a text says. */
export interface ParsedAcl {
  /** The value of the extended attribute; undefined if the list says no more than permission bits do. */
  value: Buffer | undefined;
  /** Entries that were left out, because they have a name where a number is needed. */
  unresolved: string[];
}

/**
 * Converts a list to the form of the attributes `system.posix_acl_access` and `system.posix_acl_default`.
 *
 * @throws {FieldError} if it is none
 * @example parseAclText("user::rw-,user:lisa:r--:502,group::r--,mask::r--,other::---")
 */
export function parseAclText(text: string): ParsedAcl {
  const unresolved: string[] = [];
  const entries: AclEntry[] = [];
  for (const line of text.split(/[,\n]/)) {
    const words = line.replace(/#.*/s, "").trim();
    if (words === "") continue;
    const entry = parseEntry(words);
    if (entry === undefined) unresolved.push(words);
    else entries.push(entry);
  }
  entries.sort((a, b) => a.tag - b.tag || a.id - b.id);
  requireValid(entries);
  const isPlain = entries.length === BASE_TAGS.length;
  return { value: isPlain ? undefined : encodeAcl(entries), unresolved };
}

/** @returns undefined if the entry names somebody whose number it does not tell */
function parseEntry(words: string): AclEntry | undefined {
  const [word = "", ...rest] = words.replace(/^default:/, "").split(":");
  const kind = WORDS.get(word);
  if (kind === undefined) throw malformed(words);
  // Some write "mask:rwx", because nobody can be named there.
  const isShort = rest.length === 1 && (kind === "mask" || kind === "other");
  const [name = "", letters = "", number = name] = isShort ? ["", ...rest] : rest;
  const permissions = permissionsOf(letters);
  if (permissions === undefined || rest.length > 3) throw malformed(words);
  if (name === "") return { tag: TAGS[kind].own, permissions, id: NO_ID };
  if (kind === "mask" || kind === "other") throw malformed(words);
  if (!/^\d{1,10}$/.test(number)) return undefined;
  if (Number(number) >= NO_ID) throw malformed(words);
  return { tag: TAGS[kind].named, permissions, id: Number(number) };
}

function malformed(words: string): FieldError {
  return new FieldError(`its access control list has the entry ${quoteName(words)}, which is malformed`);
}

function permissionsOf(letters: string): number | undefined {
  if (!/^[r-][w-][x-]$/.test(letters)) return undefined;
  return (letters[0] === "r" ? 4 : 0) | (letters[1] === "w" ? 2 : 0) | (letters[2] === "x" ? 1 : 0);
}

/** Requires what kernels require of a list that is ordered by tag and id. */
function requireValid(entries: readonly AclEntry[]): void {
  const has = (tag: number): boolean => entries.some((entry) => entry.tag === tag);
  const isTwice = entries.some(
    ({ tag, id }, index) => tag === entries[index - 1]?.tag && id === entries[index - 1]?.id,
  );
  if (isTwice) throw new FieldError("its access control list names somebody twice");
  if (!BASE_TAGS.every(has))
    throw new FieldError("its access control list lacks the owner, the group or the others");
  if ((has(TAGS.user.named) || has(TAGS.group.named)) && !has(TAGS.mask.own))
    throw new FieldError("its access control list names somebody and lacks a mask");
}

function encodeAcl(entries: readonly AclEntry[]): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE + entries.length * ENTRY_SIZE);
  bytes.writeUInt32LE(VERSION, 0);
  for (const [index, { tag, permissions, id }] of entries.entries()) {
    const at = HEADER_SIZE + index * ENTRY_SIZE;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(permissions, at + 2);
    bytes.writeUInt32LE(id, at + 4);
  }
  return bytes;
}
