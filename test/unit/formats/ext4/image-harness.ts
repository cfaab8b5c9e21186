// Builds images in temporary folders and asks e2fsck and the kernel what they think of them.
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { ImageSummary } from "../../../../src/formats/ext4/finish-image.ts";
import { Ext4Writer, type Ext4Options } from "../../../../src/formats/ext4/writer.ts";
import type { FileEntry } from "../../../../src/formats/file-entry.ts";
import { FileSink } from "../../../../src/formats/file-sink.ts";

/** An entry with its contents: bytes, and numbers for holes of so many bytes. */
export type TestEntry = FileEntry & { contents?: readonly (Buffer | number)[] };

/** A file as the kernel shows it; byte strings, and bytes as hex. */
export interface SeenFile {
  mode: number;
  uid: number;
  gid: number;
  size: number;
  links: number;
  blocks: number;
  device: [number, number];
  mtime: string;
  atime: string;
  target: string;
  sha256: string;
  xattrs: Record<string, string>;
}

/** Makes an entry; unset fields get plain values, the size that of the contents. */
export function entryOf(path: string, fields: Partial<TestEntry> = {}): TestEntry {
  const sizes = (fields.contents ?? []).map((part) => (typeof part === "number" ? part : part.length));
  const size = sizes.reduce((sum, length) => sum + length, 0);
  return {
    path,
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size,
    mtime: 1_700_000_000_123_456_789n,
    ...fields,
  };
}

/** Hands entries and their contents to a writer. */
export function feed(writer: Ext4Writer, entries: Iterable<TestEntry>): void {
  for (const entry of entries) {
    writer.entry(entry);
    for (const part of entry.contents ?? []) {
      if (typeof part === "number") writer.hole(part);
      else writer.data(part);
    }
  }
}

/** A folder for images; all of them go away after each test. */
export function useImages(): { write(entries: Iterable<TestEntry>, options?: Ext4Options): WrittenImage } {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  return {
    write(entries, options) {
      const folder = mkdtempSync(join(tmpdir(), "runhcs-ext4-"));
      folders.push(folder);
      return writeImage(join(folder, "image"), entries, options);
    },
  };
}

type WrittenImage = ImageSummary & { path: string };

function writeImage(path: string, entries: Iterable<TestEntry>, options: Ext4Options = {}): WrittenImage {
  const fd = openSync(path, "wx");
  try {
    const writer = new Ext4Writer(new FileSink(fd), options);
    feed(writer, entries);
    const summary = writer.finish();
    ftruncateSync(fd, summary.size);
    return { ...summary, path };
  } finally {
    closeSync(fd);
  }
}

/** What e2fsck says of an image, and its exit code; 0 means that it is without fault. */
export function check(path: string): { code: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync("e2fsck", ["-fn", path], { encoding: "utf8" });
  return { code: status, text: status === 0 ? "" : `${stdout}${stderr}` };
}

/** e2fsck's verdict on an image without fault. */
export const CLEAN = { code: 0, text: "" };

/** Mounts an image for reading while `action` runs. */
export function mounted<T>(image: string, action: (folder: string) => T): T {
  const folder = `${image}.mount`;
  mkdirSync(folder, { recursive: true });
  execFileSync("mount", ["-o", "loop,ro", image, folder]);
  try {
    return action(folder);
  } finally {
    execFileSync("umount", [folder]);
    rmdirSync(folder);
  }
}

// An independent reader that sees names as bytes, nanoseconds and extended attributes.
const LISTER = `
import hashlib, json, os, stat, sys
text = lambda b: b.decode("latin1")
root = os.fsencode(sys.argv[1])
seen = {}
def look(path):
    s = os.lstat(path)
    content = b""
    if stat.S_ISREG(s.st_mode):
        with open(path, "rb") as f: content = f.read()
    seen[text(path[len(root) + 1:])] = {
        "mode": s.st_mode, "uid": s.st_uid, "gid": s.st_gid, "links": s.st_nlink, "blocks": s.st_blocks,
        "size": 0 if stat.S_ISDIR(s.st_mode) else s.st_size,
        "device": [os.major(s.st_rdev), os.minor(s.st_rdev)],
        "mtime": str(s.st_mtime_ns), "atime": str(s.st_atime_ns),
        "target": text(os.readlink(path)) if stat.S_ISLNK(s.st_mode) else "",
        "sha256": hashlib.sha256(content).hexdigest() if stat.S_ISREG(s.st_mode) else "",
        "xattrs": {n: os.getxattr(path, n, follow_symlinks=False).hex() for n in os.listxattr(path, follow_symlinks=False)},
    }
look(root)
for folder, folders, files in os.walk(root):
    for name in folders + files: look(os.path.join(folder, name))
print(json.dumps(seen))
`;

/** Everything in a folder by path, "" for the folder itself. */
export function list(folder: string): Record<string, SeenFile> {
  const json = execFileSync("python3", ["-c", LISTER, folder], { encoding: "utf8", maxBuffer: 2 ** 28 });
  return JSON.parse(json);
}

/** Everything in an image, as the kernel mounts it. */
export function seen(image: string): Record<string, SeenFile> {
  return mounted(image, list);
}
