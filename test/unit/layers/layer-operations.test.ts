import { execFileSync } from "node:child_process";
import { closeSync, copyFileSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { FileBytes } from "../../../src/formats/file-bytes.ts";
import { appendVerity, verityIdentity } from "../../../src/formats/verity/append-verity.ts";
import { inspectLayer } from "../../../src/layers/inspect-layer.ts";
import { listLayer, listLayerTree } from "../../../src/layers/list-layer.ts";
import { openDiskFile } from "../../../src/layers/open-disk-file.ts";
import { readLayerFile } from "../../../src/layers/read-layer-file.ts";
import { verifyLayer } from "../../../src/layers/verify-layer.ts";
import {
  changeMounted,
  makeImage,
  reading,
  shell,
  workFolder,
} from "../formats/ext4/reader/foreign-image.ts";
import { entryOf, useImages } from "../formats/ext4/image-harness.ts";

const folder = workFolder();
const image = join(folder, "image");
const images = useImages();

describe("openDiskFile", () => {
  beforeEach(() => {
    makeImage(image, "16M", "-L inside");
    changeMounted(image, "printf hello > file");
  });

  test.each([
    ["raw", "raw", ""],
    ["vhd-fixed", "vpc", "subformat=fixed,force_size=on"],
    ["vhd-dynamic", "vpc", "subformat=dynamic,force_size=on"],
  ])("opens the disk in a file of kind %s", (kind, format, options) => {
    const path = join(folder, "disk");
    shell('rm -f "$1"', path);
    const words = options === "" ? [] : ["-o", options];
    execFileSync("qemu-img", ["convert", "-q", "-f", "raw", "-O", format, ...words, image, path]);
    const disk = openDiskFile(path);
    try {
      expect(disk).toMatchObject({ format: kind, fileSize: readFileSync(path).length });
      expect(inspectLayer(disk.source).fileSystem).toMatchObject({ label: "inside" });
      const chunks: Buffer[] = [];
      readLayerFile(disk.source, "/file", (chunk) => chunks.push(Buffer.from(chunk)));
      expect(Buffer.concat(chunks).toString()).toBe("hello");
    } finally {
      disk.close();
    }
  });

  test("tells in one line why it cannot", () => {
    expect(() => openDiskFile(join(folder, "absent"))).toThrow(
      `Cannot open image "${folder}/absent": it does not exist`,
    );
    const path = join(folder, "broken");
    writeFileSync(path, Buffer.concat([Buffer.alloc(512), Buffer.from("conectix"), Buffer.alloc(504)]));
    expect(() => openDiskFile(path)).toThrow(
      `Cannot read image "${path}": cannot read the VHD footer: its checksum is`,
    );
    expect(() => openDiskFile(folder)).toThrow(`Cannot open image "${folder}": it is not a regular file`);
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(() => openDiskFile(pipe)).toThrow("it is not a regular file");
  });
});

describe("listLayer, listLayerTree and readLayerFile", () => {
  const links = [
    entryOf("a", { type: "directory" }),
    entryOf("a/file", { contents: [Buffer.from("text"), 10_000, Buffer.from("end")] }),
    entryOf("caf\xc3\xa9"),
    entryOf("link", { type: "symlink", linkTarget: "a/../a" }),
    entryOf("absolute", { type: "symlink", linkTarget: "/link/file" }),
    entryOf("out", { type: "symlink", linkTarget: "../../../../a/file" }),
    entryOf("loop", { type: "symlink", linkTarget: "loop" }),
  ];
  const paths = (found: Iterable<{ entry: { path: string } }>): string[] =>
    Array.from(found, ({ entry }) => entry.path);

  test("find files through symlinks, which lead nowhere out of the image", () => {
    const { path } = images.write(links);
    reading(path, (source) => {
      expect(paths(listLayer(source))).toEqual([
        "a",
        "absolute",
        "caf\xc3\xa9",
        "link",
        "loop",
        "lost+found",
        "out",
      ]);
      expect(paths(listLayer(source, "/link/"))).toEqual(["a/file"]);
      expect(paths(listLayer(source, "café"))).toEqual(["caf\xc3\xa9"]);
      expect(paths(listLayerTree(source, "link"))).toEqual(["a/file"]);
      expect(paths(listLayerTree(source, "a/file"))).toEqual(["a/file"]);
      for (const name of ["a/file", "absolute", "out", "/a/./file", "../a/file"]) {
        const chunks: Buffer[] = [];
        const file = readLayerFile(source, name, (chunk) => chunks.push(Buffer.from(chunk)));
        expect(file).toMatchObject({ links: 1, entry: { size: 10_007 } });
        expect(Buffer.concat(chunks)).toEqual(
          Buffer.concat([Buffer.from("text"), Buffer.alloc(10_000), Buffer.from("end")]),
        );
      }
    });
  });

  test.each([
    ["nothing", 'Cannot find "nothing" in the image: it does not exist'],
    ["a/file/x", 'Cannot find "a/file/x" in the image: it does not exist'],
    ["a/file/", 'Cannot find "a/file/" in the image: it does not exist'],
    ["loop", 'Cannot find "loop": it leads through more than 40 symlinks'],
    ["a", 'Cannot read "a": it is a directory'],
  ])("tell why %j cannot be read", (name, message) => {
    const { path } = images.write(links);
    expect(() => reading(path, (source) => readLayerFile(source, name, () => undefined))).toThrow(message);
  });
});

describe("inspectLayer", () => {
  test("tells what dumpe2fs tells", () => {
    makeImage(image, "32M", "-b 1024 -L layer -U 01234567-89ab-cdef-0123-456789abcdef -E root_owner=1:1");
    const words = shell('dumpe2fs -h "$1" 2>/dev/null', image);
    const told = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(words)?.[1] ?? "";
    const { fileSystem, diskSize, verity } = reading(image, inspectLayer);
    expect({ diskSize, verity }).toEqual({ diskSize: 32 * 2 ** 20, verity: undefined });
    expect(fileSystem).toMatchObject({
      type: "ext4",
      uuid: told("Filesystem UUID"),
      label: told("Filesystem volume name"),
      size: 32 * 2 ** 20,
      blockSize: Number(told("Block size")),
      blocks: Number(told("Block count")),
      freeBlocks: Number(told("Free blocks")),
      inodes: Number(told("Inode count")),
      freeInodes: Number(told("Free inodes")),
      inodeSize: Number(told("Inode size")),
      isReadOnly: false,
      isClean: true,
      hasChecksums: true,
      creationTime: Date.parse(`${told("Filesystem created")} UTC`) / 1000,
    });
    expect(fileSystem?.features.toSorted()).toEqual(told("Filesystem features").split(" ").toSorted());
  });

  test("tells of an image that cannot be read otherwise, and of a disk without one", () => {
    makeImage(image, "16M", "-O casefold");
    expect(reading(image, inspectLayer).fileSystem?.features).toContain("casefold");
    writeFileSync(image, Buffer.alloc(5000));
    expect(reading(image, inspectLayer)).toEqual({ diskSize: 5000 });
  });
});

describe("a hash tree behind an image", () => {
  function withTree(): string {
    const { path, size, uuid } = images.write([entryOf("f", { contents: [Buffer.alloc(50_000, 7)] })]);
    const fd = openSync(path, "r+");
    const tree = appendVerity(new FileBytes(fd), size, verityIdentity(uuid));
    closeSync(fd);
    expect(tree.size).toBeGreaterThan(size);
    return path;
  }

  test("is told of and verified", () => {
    const path = withTree();
    const { verity, fileSystem } = reading(path, inspectLayer);
    expect(verity).toMatchObject({ offset: fileSystem?.size, dataBlocks: fileSystem?.blocks });
    expect(reading(path, verifyLayer)).toEqual({
      findings: [],
      more: 0,
      rootHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("tells of a byte that is wrong though the file system is sound", () => {
    const path = withTree();
    const bytes = readFileSync(path);
    const at = bytes.indexOf(Buffer.alloc(4096, 7));
    bytes.writeUInt8(8, at + 100);
    writeFileSync(path, bytes);
    copyFileSync(path, image);
    const { findings } = reading(image, verifyLayer);
    expect(findings).toEqual([`hash tree: the data block at byte ${at} has another digest`]);
  });
});

test("verifyLayer tells of what is no image", () => {
  writeFileSync(image, Buffer.alloc(5000));
  expect(reading(image, verifyLayer)).toEqual({ findings: ["it has no ext4 superblock"], more: 0 });
});
