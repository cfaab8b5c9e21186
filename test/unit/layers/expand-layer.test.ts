import { execFileSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { StoredFile } from "../../../src/formats/disk/stored-file.ts";
import { Ext4Writer } from "../../../src/formats/ext4/writer.ts";
import { DynamicVhdWriter } from "../../../src/formats/vhd/dynamic-writer.ts";
import { vhdFooter } from "../../../src/formats/vhd/footer.ts";
import { createScratch } from "../../../src/layers/create-scratch.ts";
import { expandLayer } from "../../../src/layers/expand-layer.ts";
import { mountedForWriting } from "../../support/exported-disk.ts";
import { qemuCheck, qemuImg, qemuInfo, SOUND, useFolder, withFile } from "../../support/qemu-image.ts";
import { check, CLEAN, entryOf, feed, list } from "../formats/ext4/image-harness.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const uuid = Buffer.alloc(16, 3);
const pathOf = useFolder();

/** e2fsck's verdict on the file system in a disk. */
function checkDisk(path: string, format: string): ReturnType<typeof check> {
  qemuImg("convert", "-f", format, "-O", "raw", path, `${path}.img`);
  return check(`${path}.img`);
}

function writeImage(output: ConstructorParameters<typeof Ext4Writer>[0], size: number): void {
  const options = { size, maximumSize: size * 64, inodes: 1000, isWritable: true, isGrowable: true };
  const writer = new Ext4Writer(output, options);
  feed(writer, [entryOf("file", { contents: [Buffer.alloc(3 * MIB, 7)] })]);
  writer.finish();
}

const makers: Record<string, (file: StoredFile, size: number) => void> = {
  raw(file, size) {
    writeImage(file, size);
    file.resize(size);
  },
  "fixed vpc"(file, size) {
    writeImage(file, size);
    file.write([vhdFooter(size, { uuid })], size);
  },
  "dynamic vpc"(file, size) {
    const disk = new DynamicVhdWriter(file, size, { uuid });
    writeImage(disk, size);
    disk.finish();
  },
};

describe("a layer's disk and file system are expanded", () => {
  test.each([21 * GIB, 40 * GIB])(
    "in a scratch to %d bytes, with all it holds",
    async (size) => {
      const path = pathOf("scratch.vhdx");
      await createScratch({ destination: { path, force: false } });
      let before = {};
      await mountedForWriting(path, "vhdx", (folder) => {
        execFileSync("cp", ["-a", `${import.meta.dirname}/../../../src`, folder]);
        before = list(folder);
      });
      const expanded = expandLayer(path, size);
      expect(expanded).toMatchObject({ format: "vhdx", previousSize: 20 * GIB, size });
      expect(expanded.fileSystemGrowth).toBeGreaterThan(0);
      expect(qemuCheck(path, "vhdx")).toBe(SOUND);
      expect(qemuInfo(path, "vhdx")["virtual-size"]).toBe(size);
      expect(checkDisk(path, "vhdx")).toEqual(CLEAN);
      execFileSync("rm", ["-r", `${path}.mount`, `${path}.raw`]);
      await mountedForWriting(path, "vhdx", (folder) => {
        expect(withoutTimes(list(folder))).toEqual(withoutTimes(before));
        writeFileSync(`${folder}/new`, "new");
      });
      expect(checkDisk(path, "vhdx")).toEqual(CLEAN);
    },
    120_000,
  );

  test.each(["raw", "fixed vpc", "dynamic vpc"])("in a %s image", (kind) => {
    const path = pathOf("layer");
    const format = kind.split(" ").at(-1) ?? "raw";
    withFile(path, (file) => makers[kind]?.(file, 64 * MIB), "w+");
    expect(expandLayer(path, 3 * GIB)).toMatchObject({ previousSize: 64 * MIB, size: 3 * GIB });
    expect(qemuInfo(path, format)["virtual-size"]).toBe(3 * GIB);
    expect(checkDisk(path, format)).toEqual(CLEAN);
  });

  test("where only the disk was, before the call was interrupted", () => {
    const path = pathOf("layer");
    withFile(path, (file) => makers["raw"]?.(file, 64 * MIB), "w+");
    truncateSync(path, 3 * GIB);
    expect(expandLayer(path, 3 * GIB).fileSystemGrowth).toBe(3 * GIB - 64 * MIB);
    expect(checkDisk(path, "raw")).toEqual(CLEAN);
    expect(expandLayer(path, 3 * GIB).fileSystemGrowth).toBeUndefined();
  });
});

function withoutTimes(seen: object): unknown {
  return JSON.parse(JSON.stringify(seen, (key, value) => (key === "atime" ? undefined : (value as unknown))));
}

describe("a layer is refused", () => {
  test("that does not exist", () => {
    expect(() => expandLayer(pathOf("none"), GIB)).toThrow(
      `Cannot expand layer "${pathOf("none")}": no such file or directory`,
    );
  });

  test("that is larger already, or would become too large", () => {
    const path = pathOf("layer");
    withFile(path, (file) => makers["fixed vpc"]?.(file, 64 * MIB), "w+");
    const action = `Cannot expand layer "${path}" to`;
    expect(() => expandLayer(path, MIB)).toThrow(`${action} 1048576 bytes: it has 67108864`);
    expect(() => expandLayer(path, 2 ** 42)).toThrow(`${action} 4398046511104 bytes: at most 2190433320960`);
    expect(() => expandLayer(path, Number.NaN)).toThrow(`${action} NaN bytes`);
  });

  test("whose file system cannot grow, before anything is changed", () => {
    const path = pathOf("layer");
    execFileSync("mkfs.ext4", ["-q", path, "100M"], { stdio: "ignore" });
    const before = execFileSync("sha256sum", [path], { encoding: "utf8" });
    expect(() => expandLayer(path, GIB)).toThrow(
      expect.objectContaining({
        code: "LAYER_FORMAT",
        message: expect.stringContaining(
          `Cannot expand layer "${path}": cannot grow the ext4 file system: it has`,
        ),
        hint: expect.stringContaining("resize2fs"),
      }),
    );
    expect(execFileSync("sha256sum", [path], { encoding: "utf8" })).toBe(before);
  });
});
