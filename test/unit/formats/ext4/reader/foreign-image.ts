// Images that others make: mke2fs from a folder, the kernel through a mount. And what our reader sees in an image, in
// the words of the kernel.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { MODE_TYPE } from "../../../../../src/formats/ext4/constants.ts";
import { Ext4Reader, type FoundFile } from "../../../../../src/formats/ext4/reader/ext4-reader.ts";
import { findingText } from "../../../../../src/formats/ext4/verify/finding.ts";
import { verifyImage } from "../../../../../src/formats/ext4/verify/verify-image.ts";
import { FileSource } from "../../../../../src/formats/file-source.ts";
import type { SeenFile } from "../image-harness.ts";

/** A folder that lasts as long as the tests of a file. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "runhcs-reader-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a shell script; words of its own are $1, $2 ... */
export function shell(script: string, ...words: string[]): string {
  return execFileSync("bash", ["-euc", script, "bash", ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 2 ** 28,
  });
}

/** Makes a folder with files of every kind. */
export function makeTree(folder: string): void {
  shell(TREE, folder);
}

const TREE = `
mkdir -p "$1/dir/empty" "$1/dir/many" && cd "$1"
printf hello > small && ln small dir/second && ln small third
printf '' > none
head -c 100 /dev/urandom > inline-size
head -c 700000 /dev/urandom > dir/big
python3 - <<'END'
import os
with open("holes", "wb") as f:
    for at in (0, 5000, 300000, 2000000, 40000000):
        f.seek(at); f.write(os.urandom(3000))
    f.truncate(50000000)
for n in range(900): open(f"dir/many/a file with a long name {n:06}", "wb").write(b"x" * (n % 50))
open(b"caf\\xc3\\xa9 \\xff\\n", "wb").write(b"odd")
os.utime("small", ns=(1700000001123456789, 1600000000987654321))
END
truncate -s 9000000 all-hole
ln -s small link && ln -s "$(printf 'x%.0s' {1..59})" link59 && ln -s "$(printf 'y%.0s' {1..300})" link300
ln -s "$(printf 'z%.0s' {1..60})" link60
mkfifo fifo && mknod device c 5 1 && mknod wide b 4000 70000 && mknod whiteout c 0 0
chown 100000:4000000 dir/big && chmod 4755 dir/big && chmod 1777 dir
setfattr -n user.text -v value small && setfattr -n user.empty small
setfattr -n user.large -v "$(printf 'v%.0s' {1..700})" holes
setfattr -n trusted.overlay.opaque -v y dir/empty
setfacl -m u:1234:rwx,g:77:r dir/big && setfacl -d -m u:5:rx dir
setcap cap_net_raw+ep inline-size
touch -d 2040-01-02T03:04:05.678 dir/empty
`;

/** Makes an image of a folder with mke2fs. */
export function makeImage(image: string, size: string, options: string, folder?: string): void {
  const source = folder === undefined ? "" : `-d "$2"`;
  shell(
    `rm -f "$1"; truncate -s ${size} "$1"; mke2fs -q -F -t ext4 ${options} ${source} "$1"`,
    image,
    folder ?? "",
  );
}

/** Changes an image through a mount of the kernel's; \`$1\` is the folder, in which the script runs. */
export function changeMounted(image: string, script: string, options = ""): void {
  const folder = `${image}.rw`;
  mkdirSync(folder);
  try {
    shell(`mount -o loop${options} "$1" "$2"`, image, folder);
    try {
      shell(`cd "$1"; ${script}`, folder);
    } finally {
      shell(`umount "$1"`, folder);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs debugfs on an image, for writing. */
export function debugfs(image: string, ...requests: string[]): void {
  for (const request of requests) execFileSync("debugfs", ["-w", "-R", request, image], { stdio: "pipe" });
}

/** Cuts an image. */
export function cut(image: string, size: number): void {
  truncateSync(image, size);
}

/** Opens an image while `action` reads it. */
export function reading<T>(image: string, action: (source: FileSource) => T): T {
  const fd = openSync(image, "r");
  try {
    return action(new FileSource(fd));
  } finally {
    closeSync(fd);
  }
}

/** What the verifier says of an image, one line each. */
export function verified(image: string): string[] {
  return reading(image, (source) => verifyImage(source).findings.map(findingText));
}

/** What the kernel shows of a file, but for the blocks, which the reader does not tell. */
export type ReadFile = Omit<SeenFile, "blocks">;

/** Everything in an image by path, as our reader sees it. */
export function readImage(image: string): Record<string, ReadFile> {
  return reading(image, (source) => {
    const reader = new Ext4Reader(source);
    return Object.fromEntries(Array.from(reader.walk(), (file) => [file.entry.path, describe(reader, file)]));
  });
}

/** What the kernel sees, without what the reader does not tell. */
export function withoutBlocks(seen: Record<string, SeenFile>): Record<string, ReadFile> {
  return Object.fromEntries(Object.entries(seen).map(([path, { blocks: _blocks, ...rest }]) => [path, rest]));
}

function describe(reader: Ext4Reader, file: FoundFile): ReadFile {
  const { entry, links } = file;
  const { type, mode, uid, gid, size, mtime, atime, linkTarget = "", device } = entry;
  return {
    mode: MODE_TYPE[type] | mode,
    uid,
    gid,
    size: type === "symlink" ? linkTarget.length : size,
    links,
    device: device === undefined ? [0, 0] : [device.major, device.minor],
    mtime: String(mtime),
    atime: String(atime),
    target: linkTarget,
    sha256: type === "file" ? contentHash(reader, file) : "",
    xattrs: Object.fromEntries(
      [...(entry.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString("hex")]),
    ),
  };
}

function contentHash(reader: Ext4Reader, file: FoundFile): string {
  const hash = createHash("sha256");
  const zeros = Buffer.alloc(2 ** 20);
  reader.read(file, {
    data: (chunk) => hash.update(chunk),
    hole(length) {
      for (let left = length; left > 0; left -= zeros.length) hash.update(zeros.subarray(0, left));
    },
  });
  return hash.digest("hex");
}
