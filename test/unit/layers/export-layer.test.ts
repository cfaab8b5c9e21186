import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileEntry } from "../../../src/formats/file-entry.ts";
import { SUPERBLOCK, SUPERBLOCK_POSITION } from "../../../src/formats/ext4/superblock.ts";
import { exportLayer, type ExportOptions } from "../../../src/layers/export-layer.ts";
import { openDiskFile } from "../../../src/layers/open-disk-file.ts";
import {
  changeMounted,
  makeImage,
  makeTree,
  shell,
  verified,
  workFolder,
} from "../formats/ext4/reader/foreign-image.ts";
import { entryOf, list, mounted, useImages, type TestEntry } from "../formats/ext4/image-harness.ts";
import { readTar, type EntryWithContent } from "../formats/tar/tar-entries.ts";
import { runTar, tarfileSees, treeHas } from "../formats/tar/peers.ts";

const folder = workFolder();
const image = join(folder, "image");
const images = useImages();

async function exported(path: string, options?: ExportOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const disk = openDiskFile(path);
  try {
    await exportLayer(disk.source, (chunk) => chunks.push(Buffer.from(chunk)), options);
  } finally {
    disk.close();
  }
  return Buffer.concat(chunks);
}

/** Paths, directories with a slash, in the archive's order. */
function pathsIn(archive: Buffer): string[] {
  return readTar(archive).map(({ entry }) => (entry.type === "directory" ? `${entry.path}/` : entry.path));
}

/** GNU tar takes ACLs as texts only. */
function withoutAcls(attributes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !name.startsWith("system.")));
}

/** Overlay attributes that only the kernel's own overlays write. */
const trusted = (name: string, value: string): ReadonlyMap<string, Uint8Array> =>
  new Map([[`trusted.overlay.${name}`, Buffer.from(value)]]);

describe("exportLayer", () => {
  test("writes what GNU tar unpacks to the tree that the image was made of", async () => {
    const [tree, again, tar] = [join(folder, "tree"), join(folder, "again"), join(folder, "tar")];
    makeTree(tree);
    makeImage(image, "128M", "", tree);
    writeFileSync(tar, await exported(image, { keepOverlay: true }));
    shell('rm -rf "$1" && mkdir "$1"', again);
    runTar("--extract", "--file", tar, "--directory", again, "--xattrs", "--xattrs-include=*", "--acls");
    const { "": _root, ...found } = list(again);
    const { "": _original, "lost+found": _lost, ...expected } = mounted(image, list);
    expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [path, file] of Object.entries(expected)) {
      const { atime: _atime, blocks: _blocks, xattrs: attributes, ...rest } = file;
      expect({ path, ...found[path] }).toMatchObject({ path, ...rest, xattrs: withoutAcls(attributes) });
    }
  });

  test("writes what Python reads as the kernel sees the image", async () => {
    makeImage(image, "64M", "-b 1024");
    changeMounted(
      image,
      "mkdir -p b/c a; seq 1000 > b/f; ln b/f a/g; ln -s f b/l; truncate -s 100000 a/hole; mkfifo p; setfacl -m u:5:rx a/hole",
    );
    const tar = join(folder, "tar");
    writeFileSync(tar, await exported(image));
    const seen = tarfileSees(tar);
    expect(seen.map(({ path }) => path)).toEqual(["", "a", "a/g", "a/hole", "b", "b/c", "b/f", "b/l", "p"]);
    const kernel = new Map(mounted(image, treeHas).map((file) => [file.path, file]));
    for (const file of seen) {
      if (file.type === "hardlink") expect(file).toMatchObject({ path: "b/f", link: "a/g" });
      else expect(file).toEqual(kernel.get(file.path));
    }
  });

  test("orders names by their bytes, each directory before what it holds, and gives equal bytes again", async () => {
    const names = ["b/x", "a-", "a/b", "a", "a0", "\xff", "\xc3\xa9", "B"];
    const isFolder = (path: string): boolean => path === "a";
    const entries = names.map((path) => entryOf(path, isFolder(path) ? { type: "directory" } : {}));
    const { path } = images.write(entries);
    const archive = await exported(path);
    expect(pathsIn(archive)).toEqual(["/", "B", "a/", "a/b", "a-", "a0", "b/", "b/x", "\xc3\xa9", "\xff"]);
    expect((await exported(path)).equals(archive)).toBe(true);
  });

  test("leaves out an empty lost+found of the root, and no other", async () => {
    makeImage(image, "16M", "");
    changeMounted(image, "mkdir d d/lost+found");
    expect(pathsIn(await exported(image))).toEqual(["/", "d/", "d/lost+found/"]);
    changeMounted(image, "touch lost+found/found");
    expect(pathsIn(await exported(image))).toEqual([
      "/",
      "d/",
      "d/lost+found/",
      "lost+found/",
      "lost+found/found",
    ]);
  });

  test("leaves out sockets, and tells of them", async () => {
    makeImage(image, "16M", "");
    changeMounted(image, `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")'`);
    const warnings: string[] = [];
    expect(pathsIn(await exported(image, { onWarning: (message) => warnings.push(message) }))).toEqual(["/"]);
    expect(warnings).toEqual(['Skipped "s": a tar holds no sockets']);
  });

  test("tells that an image was not unmounted, for what was written last may be missing", async () => {
    const { path } = images.write([entryOf("f")]);
    const warnings: string[] = [];
    const onWarning = (message: string): void => void warnings.push(message);
    await exported(path, { onWarning });
    expect(warnings).toEqual([]);
    const fd = openSync(path, "r+");
    writeSync(fd, Buffer.alloc(2), 0, 2, SUPERBLOCK_POSITION + SUPERBLOCK.state);
    closeSync(fd);
    await exported(path, { onWarning });
    expect(warnings).toEqual([
      "The image is mounted, or was not unmounted: what was written last may be missing",
    ]);
  });

  test("can be stopped within a hole", async () => {
    makeImage(image, "16M", "");
    changeMounted(image, "truncate -s 900G hole");
    const abort = new AbortController();
    let size = 0;
    const write = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > 2 ** 20) abort.abort(new Error("enough"));
    };
    const disk = openDiskFile(image);
    await expect(exportLayer(disk.source, write, abort)).rejects.toThrow("enough");
    disk.close();
    expect(size).toBeLessThan(900 * 2 ** 30);
  });

  test("writes times of access and change only if asked", async () => {
    const { path } = images.write([entryOf("f", { atime: 5_000_000_001n, ctime: 7n })]);
    expect(readTar(await exported(path))[1]?.entry).not.toHaveProperty("atime");
    expect(readTar(await exported(path, { accessTimes: true }))[1]?.entry).toMatchObject({
      atime: 5_000_000_001n,
      ctime: 7n,
    });
  });
});

describe("exportLayer turns overlay form into OCI form:", () => {
  test("whiteouts and opaque directories of an image come out as they went in", async () => {
    const entries = [
      entryOf("d", { type: "directory" }),
      entryOf("d/.wh.gone"),
      entryOf("o", { type: "directory", xattrs: new Map([["user.kept", Buffer.from("1")]]) }),
      entryOf("o/.wh..wh..opq"),
      entryOf("o/a"),
    ];
    const { path } = images.write(entries, { overlay: true });
    const archive = await exported(path);
    expect(pathsIn(archive)).toEqual(["/", "d/", "d/.wh.gone", "o/", "o/.wh..wh..opq", "o/a"]);
    const opaque = readTar(archive).find(({ entry }) => entry.path === "o")?.entry;
    expect([...(opaque?.xattrs?.keys() ?? [])]).toEqual(["user.kept"]);
    const kept = readTar(await exported(path, { keepOverlay: true })).map(({ entry }) => entry);
    expect(kept.find((entry) => entry.path === "d/gone")).toMatchObject({
      type: "character",
      device: { major: 0, minor: 0 },
    });
    expect(kept.find((entry) => entry.path === "o")?.xattrs?.has("trusted.overlay.opaque")).toBe(true);
  });

  test("what a kernel's overlay has written, of which an upper folder is exported", async () => {
    makeImage(image, "32M", "");
    changeMounted(
      image,
      `mkdir lower upper work merged; mkdir lower/d lower/replaced; touch lower/gone lower/gone2 lower/d/f lower/replaced/x
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work,index=off,redirect_dir=off,metacopy=off merged
cd merged; rm gone gone2 d/f; rm -r replaced; mkdir replaced; echo new > replaced/new; ln replaced/new link; cd ..
umount merged`,
    );
    const archive = await exported(image, { folder: "upper" });
    expect(pathsIn(archive)).toEqual([
      "/",
      ".wh.gone",
      ".wh.gone2",
      "d/",
      "d/.wh.f",
      "link",
      "replaced/",
      "replaced/.wh..wh..opq",
      "replaced/new",
    ]);
    const found = readTar(archive);
    for (const { entry } of found) expect([...(entry.xattrs?.keys() ?? [])]).toEqual([]);
    expect(found.find(({ entry }) => entry.path === "replaced/new")?.entry).toMatchObject({
      linkTarget: "link",
    });
    expect(found.find(({ entry }) => entry.path === ".wh.gone")).toMatchObject({
      entry: { type: "file", size: 0, mode: 0 },
    });
  });

  test.each([
    [
      "metacopy",
      entryOf("f", { xattrs: trusted("metacopy", "") }),
      "its contents lie in a layer below (metacopy)",
    ],
    [
      "redirect",
      entryOf("f", { type: "directory", xattrs: trusted("redirect", "/x") }),
      "it stands for a directory of another name in a layer below (redirect)",
    ],
  ])("%s is refused", async (_, entry, reason) => {
    const { path } = images.write([entry]);
    await expect(exported(path)).rejects.toThrow(`Cannot export "f": ${reason}`);
    expect(pathsIn(await exported(path, { keepOverlay: true }))).toHaveLength(2);
  });

  test("whiteouts that are files with an attribute, and attributes of an overlay within", async () => {
    const { path } = images.write([
      entryOf("gone", { xattrs: trusted("whiteout", "") }),
      entryOf("inner", { type: "directory", xattrs: trusted("overlay.opaque", "y") }),
    ]);
    const archive = await exported(path);
    expect(pathsIn(archive)).toEqual(["/", ".wh.gone", "inner/"]);
    expect(readTar(archive)[2]?.entry.xattrs).toEqual(trusted("opaque", "y"));
  });

  test("a folder that is not there, or is a file", async () => {
    const { path } = images.write([entryOf("file")]);
    await expect(exported(path, { folder: "upper" })).rejects.toThrow(
      'Cannot find "upper" in the image: it does not exist',
    );
    await expect(exported(path, { folder: "file" })).rejects.toThrow(
      'Cannot export "file": it is a file and no directory',
    );
  });
});

const names = fc.constantFrom("a", "b", "c", "a b", "\xff", "z".repeat(120), "-");
const paths = fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const xattrs = fc
  .dictionary(
    fc.constantFrom("user.a", "trusted.b", "security.c"),
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
  )
  .map((pairs) => new Map(Object.entries(pairs).map(([name, value]) => [name, Buffer.from(value)])));
const common = fc.record({
  mode: fc.nat(0o7777),
  uid: fc.nat(2 ** 32 - 1),
  gid: fc.nat(2 ** 32 - 1),
  mtime: fc.bigInt({ min: -(2n ** 31n) * 10n ** 9n, max: 2n ** 33n * 10n ** 9n }),
});
const piece = fc.oneof(
  fc.nat(20_000),
  fc.tuple(fc.nat(255), fc.nat(9000)).map(([byte, size]) => Buffer.alloc(size, byte)),
);
const contents = fc
  .array(piece, { maxLength: 4 })
  .map((parts) => ({ type: "file" as const, contents: parts }));
const kinds = fc.oneof(
  contents,
  contents,
  fc.constantFrom({ type: "directory" as const }, { type: "fifo" as const }),
  fc.stringMatching(/^[a-z/.]{1,90}$/).map((linkTarget) => ({ type: "symlink" as const, linkTarget })),
  fc
    .record({ major: fc.integer({ min: 1, max: 4095 }), minor: fc.nat(2 ** 20 - 1) })
    .map((device) => ({ type: "block" as const, device })),
  paths.map((linkTarget) => ({ type: "hardlink" as const, linkTarget })),
);
const trees = fc
  .array(fc.tuple(paths, common, xattrs, kinds), { maxLength: 25 })
  .map((list) =>
    consistent(
      list.map(([path, one, attributes, kind]) => entryOf(path, withXattrs({ ...one, ...kind }, attributes))),
    ),
  );

function withXattrs(
  entry: Partial<TestEntry>,
  attributes: ReadonlyMap<string, Uint8Array>,
): Partial<TestEntry> {
  return entry.type === "hardlink" || attributes.size === 0 ? entry : { ...entry, xattrs: attributes };
}

/** Drops what no tree can hold: second entries of a path, children of what is no directory, links to nothing. */
function consistent(entries: readonly TestEntry[]): TestEntry[] {
  const kept = new Map<string, TestEntry>([["", entryOf("", { type: "directory", mode: 0o755 })]]);
  for (const entry of entries) {
    const parents = entry.path.split("/").slice(0, -1);
    const above = parents.map((_, index) => parents.slice(0, index + 1).join("/"));
    const isFree =
      !kept.has(entry.path) && above.every((path) => (kept.get(path)?.type ?? "directory") === "directory");
    const target = entry.type === "hardlink" ? kept.get(entry.linkTarget ?? "") : undefined;
    const isSound = entry.type !== "hardlink" || target?.type === "file";
    if (!isFree || !isSound) continue;
    for (const path of above)
      if (!kept.has(path)) kept.set(path, entryOf(path, { type: "directory", mode: 0o700 }));
    kept.set(entry.path, entry);
  }
  return [...kept.values()];
}

/** What an export of these entries holds: in its order, the first name of a file being the file. */
function expectedOf(entries: readonly TestEntry[]): EntryWithContent[] {
  const key = (path: string): string => path.replaceAll("/", "\0");
  const ordered = entries.toSorted((a, b) => (key(a.path) < key(b.path) ? -1 : 1));
  const firstNames = new Map<string, string>();
  return ordered.map(({ contents: parts = [], ...entry }) => {
    const original = entry.type === "hardlink" ? (entry.linkTarget ?? "") : entry.path;
    const first = firstNames.get(original);
    firstNames.set(original, first ?? entry.path);
    const file = entries.find(({ path }) => path === original);
    const { contents: content = [], ...attributes }: TestEntry = file ?? { ...entry, contents: parts };
    const isLink = first !== undefined && entry.path !== first;
    const { linkTarget: _target, ...plain } = attributes;
    const found: FileEntry = isLink
      ? { ...plain, path: entry.path, type: "hardlink", size: 0, linkTarget: first }
      : { ...attributes, path: entry.path };
    const bytes = content.map((part) => (typeof part === "number" ? Buffer.alloc(part) : part));
    return { entry: found, content: isLink ? Buffer.alloc(0) : Buffer.concat(bytes), holes: [] };
  });
}

test("a tree that went into an image comes out of it, entry by entry", async () => {
  const property = fc.asyncProperty(trees, async (entries) => {
    const { path } = images.write(entries);
    expect(readTar(await exported(path))).toEqual(expectedOf(entries));
    expect(verified(path)).toEqual([]);
  });
  await fc.assert(property, { numRuns: 150 });
}, 120_000);
