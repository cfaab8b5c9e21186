import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { check, CLEAN } from "../image-harness.ts";
import { changeMounted, debugfs, makeImage, shell, verified, workFolder } from "../reader/foreign-image.ts";

const folder = workFolder();
const image = join(folder, "image");

const CONTENT = `mkdir -p d/e d/f; seq 3000 > file; seq 4000 > other; printf small > d/small; ln file d/second
ln -s file link; setfattr -n user.long -v "$(printf 'v%.0s' {1..600})" other; for n in $(seq 200); do touch d/e/$n; done`;

/** Images without damage: with checksums, and with maps of blocks and without checksums. */
const sound = { checked: join(folder, "checked"), plain: join(folder, "plain") } as const;

beforeAll(() => {
  makeImage(sound.checked, "8M", "-b 1024");
  makeImage(sound.plain, "8M", "-b 1024 -O ^metadata_csum,^extent,^64bit,^resize_inode");
  for (const path of Object.values(sound)) changeMounted(path, CONTENT);
});

function stat(path: string): string {
  return shell('debugfs -R "stat $2" "$1" 2>/dev/null', image, path);
}

function inodeOf(path: string): number {
  return Number(/Inode: (\d+)/.exec(stat(path))?.[1]);
}

/** The first block of a file. */
function blockOf(path: string): number {
  return Number(/\(0(?:-\d+)?\):(\d+)/.exec(stat(path))?.[1]);
}

/** Changes bytes of the image. */
function patch(change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(image);
  change(bytes);
  writeFileSync(image, bytes);
}

/** Requires that e2fsck finds something, and that one of our findings tells this. */
function expectFound(text: string | RegExp): void {
  expect(check(image).code).not.toBe(0);
  const findings = verified(image);
  expect(findings).toContainEqual(typeof text === "string" ? text : expect.stringMatching(text));
}

test.each(Object.entries(sound))("nothing is found in an image without damage (%s)", (_, path) => {
  expect(verified(path)).toEqual([]);
  expect(check(path)).toEqual(CLEAN);
});

describe.each(Object.entries(sound))("what e2fsck finds is found (%s):", (_, path) => {
  const damaged = (...requests: string[]): void => debugfs(image, ...requests);
  const begin = (): void => copyFileSync(path, image);

  test("a block in use that is marked free", () => {
    begin();
    const block = blockOf("/file");
    damaged(`freeb ${block}`);
    expectFound(`group 0: block ${block} is in use but marked free`);
  });

  test("free blocks that are marked in use", () => {
    begin();
    damaged("setb 6000 3");
    expectFound("group 0: blocks 6000-6002 are marked in use but free");
  });

  test("an inode in use that is marked free, and a free one marked in use", () => {
    begin();
    const inode = inodeOf("/file");
    damaged("freei /file", "seti <500>");
    expectFound(`group 0: inode ${inode} is in use but marked free`);
    expectFound("group 0: inode 500 is marked in use but free");
  });

  test("wrong numbers of links", () => {
    begin();
    const [file, directory] = [inodeOf("/file"), inodeOf("/d")];
    damaged("set_inode_field /file links_count 7", "set_inode_field /d links_count 9");
    expectFound(`inode ${file}: it counts 7 links instead of 2 ("/file")`);
    expectFound(`inode ${directory}: it counts 9 links instead of 4 ("/d")`);
  });

  test("wrong counts of what is free", () => {
    begin();
    damaged("set_super_value free_blocks_count 5", "set_super_value free_inodes_count 6");
    damaged("set_bg 0 free_blocks_count 3", "set_bg 0 free_inodes_count 4", "set_bg 0 used_dirs_count 77");
    damaged("set_bg 0 checksum calc");
    expectFound(/^the superblock counts 5 free blocks instead of \d+$/);
    expectFound(/^the superblock counts 6 free inodes instead of \d+$/);
    expectFound(/^group 0: it counts 3 free blocks instead of \d+$/);
    expectFound(/^group 0: it counts 4 free inodes instead of \d+$/);
    expectFound("group 0: it counts 77 directories instead of 5");
  });

  test("a file without a name", () => {
    begin();
    const inode = inodeOf("/other");
    damaged("unlink /other");
    expectFound(`inode ${inode}: it is in use but has no name`);
  });

  test("a name without a file", () => {
    begin();
    damaged("link <600> /d/nothing");
    expectFound(/^inode \d+, block \d+: "nothing" refers to inode 600, which is not in use \("\/d"\)$/);
  });

  test("directories in a circle", () => {
    begin();
    const inode = inodeOf("/d");
    damaged(`link <${inode}> /d/e/circle`, "unlink /d");
    expectFound(/: it lies in a circle of directories/);
  });

  test("a directory with two names", () => {
    begin();
    damaged(`link <${inodeOf("/d/f")}> /again`);
    expectFound(/"(again|f)" is a second name of directory \d+/);
  });

  test("a wrong number of blocks", () => {
    begin();
    damaged("set_inode_field /file blocks 1000");
    expectFound(/^inode \d+: it counts 512000 bytes of blocks instead of \d+ \("\/(file|d\/second)"\)$/);
  });

  test("a mode that stands for no file", () => {
    begin();
    damaged("set_inode_field /other mode 0130644");
    expectFound(/: there is no type of file 0o130000/);
  });

  test("the wrong type in a directory", () => {
    begin();
    damaged("set_inode_field /other mode 010644", "set_inode_field /other size 0");
    expectFound(/"other" refers to inode \d+ as type 1, but it is of type 5/);
  });

  test("damaged extended attributes", () => {
    begin();
    const block = Number(/File ACL: (\d+)/.exec(stat("/other"))?.[1]);
    patch((bytes) => bytes.write("w", block * 1024 + 1000));
    expectFound(/(hash of an extended attribute is wrong)|the checksum of extended attributes is/);
  });

  test("a directory whose first entries are wrong", () => {
    begin();
    const at = blockOf("/d/e") * 1024;
    patch((bytes) => bytes.writeUInt32LE(bytes.readUInt32LE(at) + 1, at));
    expectFound(/: (it does not begin with "\." and "\.\."|the checksum of the directory is)/);
  });

  test("a directory that calls another its parent", () => {
    begin();
    const at = blockOf("/d/f") * 1024;
    patch((bytes) => bytes.writeUInt32LE(2, at + 12));
    expectFound(/: its "\.\." is inode 2 instead of \d+ \("\/d\/f"\)$/);
  });
});

describe("what e2fsck finds is found:", () => {
  test("a block that two files claim", () => {
    copyFileSync(sound.plain, image);
    const block = blockOf("/file");
    const inode = inodeOf("/other");
    debugfs(image, `set_inode_field /other block[0] ${block}`);
    expect(check(image).code).not.toBe(0);
    expect(verified(image).join("\n")).toMatch(new RegExp(`it claims block ${block} in use elsewhere`));
    expect(inode).toBeGreaterThan(0);
  });

  test("a block of a file that lies in the table of inodes, or outside", () => {
    copyFileSync(sound.plain, image);
    debugfs(image, "set_inode_field /other block[1] 40");
    expectFound(/it claims block 40 in use elsewhere/);
    debugfs(image, "set_inode_field /other block[1] 999999");
    expectFound(/it refers to block 999999 in an image of 8192 blocks/);
  });

  test.each([
    ["of an inode", (bytes: Buffer) => flip(bytes, "/file", "inode"), /the checksum of the inode is/],
    ["of a directory", (bytes: Buffer) => flip(bytes, "/d/f", "block"), /the checksum of the directory is/],
    [
      "of a group's descriptor",
      (bytes: Buffer) => toggle(bytes, 2048 + 12),
      /checksum of the group descriptor/,
    ],
    ["of the superblock", (bytes: Buffer) => toggle(bytes, 1024 + 0x78), /the checksum of the superblock is/],
  ])("a wrong checksum %s", (_, change, text) => {
    copyFileSync(sound.checked, image);
    patch(change);
    const findings = verified(image);
    expect(findings.join("\n")).toMatch(text);
    expect(check(image).code).not.toBe(0);
  });

  test.each([
    ["block", /Block bitmap at (\d+)/],
    ["inode", /Inode bitmap at (\d+)/],
  ])("a wrong checksum of a bitmap (%s)", (what, pattern) => {
    copyFileSync(sound.checked, image);
    const block = Number(pattern.exec(shell('dumpe2fs "$1" 2>/dev/null', image))?.[1]);
    patch((bytes) => toggle(bytes, block * 1024 + 120));
    expectFound(new RegExp(`^group 0: the checksum of the ${what} bitmap is 0x`));
    expectFound(/^group 0: (block|inode) \d+ is (marked in use but free|in use but marked free)$/);
  });
});

function toggle(bytes: Buffer, at: number): void {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
}

/** Changes a bit of a file's inode, or of its first block. */
function flip(bytes: Buffer, path: string, what: "inode" | "block"): void {
  const where = shell('debugfs -R "imap $2" "$1" 2>/dev/null', image, path);
  const [, block = "0", offset = "0"] = /block (\d+), offset (0x[0-9a-f]+)/.exec(where) ?? [];
  const at = what === "inode" ? Number(block) * 1024 + Number(offset) + 8 : blockOf(path) * 1024 + 12;
  toggle(bytes, at);
}

test("an image whose files all claim the same blocks is given up soon", () => {
  makeImage(image, "64M", "-b 1024 -N 16000 -O ^metadata_csum,^has_journal,^resize_inode");
  changeMounted(image, "head -c 30M /dev/zero > big; mkdir d; cd d; seq 10000 | xargs touch");
  const [from, to] = [inodeOf("/big"), inodeOf("/d/1")];
  const where = shell(
    `debugfs -R "imap <${to}>" "$1" 2>/dev/null; debugfs -R "imap /big" "$1" 2>/dev/null`,
    image,
  );
  const places = [...where.matchAll(/block (\d+), offset (0x[0-9a-f]+)/g)].map(
    ([, block, offset]) => Number(block) * 1024 + Number(offset),
  );
  const [first = 0, big = 0] = places;
  expect(from).toBeGreaterThan(0);
  patch((bytes) => {
    const inode = Buffer.from(bytes.subarray(big, big + 256));
    for (let number = 0; number < 1000; number++) inode.copy(bytes, first + number * 256);
  });
  const began = performance.now();
  expect(verified(image).join("\n")).toContain(
    "more blocks are claimed twice than there are: the rest is not",
  );
  expect(performance.now() - began).toBeLessThan(20_000);
});
