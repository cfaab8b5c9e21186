import type { FileEntry } from "../formats/file-entry.ts";
import { onOneLine } from "../schema/faults.ts";

/** A file of an image under one of its names. */
export interface ListedFile {
  entry: FileEntry;
  inode: number;
  links: number;
}

const NANOSECONDS_PER_MS = 1_000_000n;

const LETTERS: Readonly<Record<FileEntry["type"], string>> = {
  file: "-",
  hardlink: "-",
  directory: "d",
  symlink: "l",
  character: "c",
  block: "b",
  fifo: "p",
  socket: "s",
};

/** Bits that change the letter for execution of the owner, the group and the others. */
const SPECIAL_BITS = [
  { bit: 0o4000, letter: "s" },
  { bit: 0o2000, letter: "s" },
  { bit: 0o1000, letter: "t" },
];

/** Shows a name that is any bytes on one line, with escapes for what could disturb a terminal; the root is a dot. */
export function shownName(name: string): string {
  return onOneLine(Buffer.from(name === "" ? "." : name, "latin1").toString("utf8"));
}

/** Shows a file with all that a long listing has: type and mode, names, owner, size or device, time, name. */
export function fileLine({ entry, links }: ListedFile): string {
  const { type, mode, uid, gid, size, mtime, device, linkTarget } = entry;
  const what = device === undefined ? String(size) : `${device.major}, ${device.minor}`;
  const time = new Date(Number(mtime / NANOSECONDS_PER_MS)).toISOString().replace(/\.\d+Z$/, "Z");
  const target = linkTarget === undefined ? "" : ` -> ${shownName(linkTarget)}`;
  const columns = [
    `${LETTERS[type]}${modeText(mode)}`,
    String(links).padStart(3),
    String(uid).padStart(5),
    String(gid).padStart(5),
    what.padStart(11),
    time,
    `${shownName(entry.path)}${target}`,
  ];
  return columns.join(" ");
}

function modeText(mode: number): string {
  return SPECIAL_BITS.map(({ bit, letter }, place) => {
    const bits = (mode >> (6 - 3 * place)) & 7;
    const execute = (bits & 1) !== 0;
    const last = (mode & bit) === 0 ? (execute ? "x" : "-") : execute ? letter : letter.toUpperCase();
    return `${(bits & 4) === 0 ? "-" : "r"}${(bits & 2) === 0 ? "-" : "w"}${last}`;
  }).join("");
}

/** What is known of a file, as JSON; times in nanoseconds since 1970, attributes in base64. */
export function fileJson({ entry, inode, links }: ListedFile): Record<string, unknown> {
  const { xattrs, linkTarget, mtime, atime, ctime, ...rest } = entry;
  const text = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");
  return {
    ...rest,
    path: text(entry.path),
    inode,
    links,
    mtime: String(mtime),
    ...(atime === undefined ? {} : { atime: String(atime) }),
    ...(ctime === undefined ? {} : { ctime: String(ctime) }),
    ...(linkTarget === undefined ? {} : { linkTarget: text(linkTarget) }),
    ...(xattrs === undefined ? {} : { xattrs: attributes(xattrs) }),
  };
}

function attributes(xattrs: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries(
    [...xattrs].map(([name, value]) => [
      Buffer.from(name, "latin1").toString("utf8"),
      Buffer.from(value).toString("base64"),
    ]),
  );
}
