import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { readBytes } from "../../../src/formats/byte-io.ts";
import { SUPERBLOCK, SUPERBLOCK_POSITION } from "../../../src/formats/ext4/superblock.ts";
import { VhdxReader } from "../../../src/formats/vhdx/vhdx-reader.ts";
import { createScratch, type Scratch, type ScratchRequest } from "../../../src/layers/create-scratch.ts";
import { mountedForWriting } from "../../support/exported-disk.ts";
import { qemuCheck, qemuImg, qemuInfo, SOUND, useFolder, withFile } from "../../support/qemu-image.ts";
import { chosenSeed, randomNumbers, rounds } from "../../support/soak-rounds.ts";
import { check, CLEAN } from "../formats/ext4/image-harness.ts";
import { bundleScratchProgram, startScratch } from "./scratch-process.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const pathOf = useFolder();

function create(request: Partial<ScratchRequest> = {}): Promise<Scratch> {
  return createScratch({ destination: { path: pathOf("scratch.vhdx"), force: false }, ...request });
}

/** e2fsck's verdict on the file system in a disk. */
function checkDisk(path: string): ReturnType<typeof check> {
  qemuImg("convert", "-f", "vhdx", "-O", "raw", path, `${path}.img`);
  return check(`${path}.img`);
}

/** Identifiers of the disk and its file system. */
function identityOf(path: string): { disk: string; fileSystem: string } {
  return withFile(path, (file) => {
    const reader = new VhdxReader(file);
    const uuid = readBytes(reader, SUPERBLOCK_POSITION + SUPERBLOCK.uuid, 16);
    return { disk: reader.metadata.diskId.replaceAll("-", ""), fileSystem: uuid.toString("hex") };
  });
}

describe("a scratch", () => {
  test("of the default size is small, and without fault to QEMU and e2fsck", async () => {
    const scratch = await create();
    expect(scratch).toMatchObject({ size: 20 * GIB, isCopy: false });
    const { size, blocks } = statSync(scratch.path);
    expect(size).toBe(scratch.fileSize);
    expect(size).toBeLessThan(32 * MIB);
    expect(blocks * 512).toBeLessThan(5 * MIB);
    expect(qemuCheck(scratch.path, "vhdx")).toBe(SOUND);
    expect(qemuInfo(scratch.path, "vhdx")).toMatchObject({ "virtual-size": 20 * GIB, "cluster-size": MIB });
    expect(checkDisk(scratch.path)).toEqual(CLEAN);
    const features = execFileSync("dumpe2fs", ["-h", `${scratch.path}.img`], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(features).toMatch(/Inode count: +1310720\n/);
    expect(features).toMatch(/Filesystem volume name: +<none>\n/);
    expect(features).not.toMatch(/has_journal|read-only/);
  });

  test.each([1, 7, 1000])("has %d GiB if so many are asked for", async (sizeGB) => {
    const { path } = await create({ sizeGB });
    expect(qemuCheck(path, "vhdx")).toBe(SOUND);
    expect(qemuInfo(path, "vhdx")["virtual-size"]).toBe(sizeGB * GIB);
    if (sizeGB <= 7) expect(checkDisk(path)).toEqual(CLEAN);
  });

  test("is mounted by the kernel, filled, and grows with what is written", async () => {
    const { path, fileSize } = await create();
    await mountedForWriting(path, "vhdx", (folder) => {
      execFileSync("dd", ["if=/dev/urandom", `of=${folder}/large`, "bs=1M", `count=${rounds(4000, 200)}`], {
        stdio: "ignore",
      });
      for (let index = 0; index < 3000; index++) writeFileSync(`${folder}/${index}`, String(index));
      execFileSync("cp", ["-a", `${import.meta.dirname}/../../../src`, folder]);
      const [line = ""] = execFileSync("df", ["--output=avail", "-B1", folder], { encoding: "utf8" })
        .split("\n")
        .slice(1);
      expect(Number(line)).toBeGreaterThan(0.7 * 20 * GIB);
    });
    expect(statSync(path).size).toBeGreaterThan(fileSize + 200 * MIB);
    expect(qemuCheck(path, "vhdx")).toBe(SOUND);
    expect(checkDisk(path)).toEqual(CLEAN);
  }, 300_000);

  test("has the identity that is given, or one of its own", async () => {
    const uuid = Buffer.from("00112233445566778899aabbccddeeff", "hex");
    const hex = uuid.toString("hex");
    const { path } = await create({ uuid });
    expect(identityOf(path)).toEqual({ disk: hex, fileSystem: hex });
    const others = await Promise.all(
      ["a", "b"].map((name) => create({ destination: { path: pathOf(name), force: false } })),
    );
    const disks = others.map((other) => identityOf(other.path).disk);
    expect(new Set([...disks, hex]).size).toBe(3);
  });

  test("does not take the place of a file, unless told so", async () => {
    writeFileSync(pathOf("scratch.vhdx"), "old");
    await expect(create()).rejects.toMatchObject({ code: "LAYER_EXISTS" });
    const destination = { path: pathOf("scratch.vhdx"), force: true };
    expect(await create({ destination })).toMatchObject({ size: 20 * GIB });
    expect(qemuCheck(destination.path, "vhdx")).toBe(SOUND);
  });

  test.each([-1, 1.5, Number.NaN, 16384])("cannot have %d GiB", async (sizeGB) => {
    await expect(create({ sizeGB })).rejects.toMatchObject({ code: "USAGE" });
    expect(existsSync(pathOf("scratch.vhdx"))).toBe(false);
  });
});

describe("the cache", () => {
  test("is made by the first call, and copied by it and the others, each with an identity of its own", async () => {
    const cachePath = pathOf("cache.vhdx");
    const scratches = await Promise.all(
      ["a", "b", "c"].map((name) => create({ destination: { path: pathOf(name), force: false }, cachePath })),
    );
    expect(scratches.map(({ isCopy }) => isCopy)).toEqual([true, true, true]);
    const paths = [cachePath, ...scratches.map(({ path }) => path)];
    expect(new Set(paths.map((path) => identityOf(path).disk)).size).toBe(4);
    for (const path of paths) {
      const { disk, fileSystem } = identityOf(path);
      expect(fileSystem).toBe(disk);
      expect(statSync(path).blocks * 512).toBeLessThan(5 * MIB);
      expect(qemuCheck(path, "vhdx")).toBe(SOUND);
    }
    expect(checkDisk(pathOf("a"))).toEqual(CLEAN);
  });

  test("is for the default size only", async () => {
    const cachePath = pathOf("cache.vhdx");
    expect(await create({ cachePath, sizeGB: 21 })).toMatchObject({ isCopy: false });
    expect(existsSync(cachePath)).toBe(false);
  });

  test("is copied whole if QEMU and mkfs.ext4 have made it", async () => {
    const [image, cachePath] = [pathOf("image"), pathOf("cache.vhdx")];
    writeFileSync(image, "");
    truncateSync(image, 20 * GIB);
    execFileSync("mkfs.ext4", ["-q", "-F", image]);
    qemuImg("convert", "-f", "raw", "-O", "vhdx", image, cachePath);
    const { path } = await create({ cachePath });
    expect(identityOf(path).fileSystem).toBe(identityOf(cachePath).fileSystem);
    expect(identityOf(path).disk).not.toBe(identityOf(cachePath).disk);
    expect(qemuImg("compare", path, cachePath)).toContain("identical");
  });

  test("is refused if it is no scratch", async () => {
    const cachePath = pathOf("cache.vhdx");
    writeFileSync(cachePath, "half");
    const message = `Cannot use the scratch cache "${cachePath}": cannot read`;
    await expect(create({ cachePath })).rejects.toThrow(message);
    await create({ destination: { path: cachePath, force: true }, sizeGB: 3 });
    await expect(create({ cachePath })).rejects.toThrow("its disk has 3221225472 bytes instead of");
    expect(readdirSync(pathOf("."))).toEqual(["cache.vhdx"]);
  });

  test("is one whole file after many processes have wanted it at the same time", async () => {
    const program = pathOf("program.cjs");
    bundleScratchProgram(program);
    const cachePath = pathOf("cache.vhdx");
    const names = Array.from({ length: 16 }, (_, index) => `scratch-${index}`);
    const runs = names.map((name) => startScratch(program, { path: pathOf(name), cachePath }).ended);
    for (const { code, stderr } of await Promise.all(runs)) expect(code, stderr).toBe(0);
    expect(readdirSync(pathOf(".")).toSorted()).toEqual(["cache.vhdx", "program.cjs", ...names].toSorted());
    for (const name of ["cache.vhdx", ...names]) expect(qemuCheck(pathOf(name), "vhdx")).toBe(SOUND);
    expect(checkDisk(cachePath)).toEqual(CLEAN);
  }, 120_000);
});

test("a killed process leaves a whole file or none", async () => {
  const program = pathOf("program.cjs");
  bundleScratchProgram(program);
  const random = randomNumbers(chosenSeed());
  const [path, cachePath] = [pathOf("scratch.vhdx"), pathOf("cache.vhdx")];
  for (let round = 0; round < rounds(200, 12); round++) {
    const { child, ended } = startScratch(program, { path, cachePath, count: 1000 });
    await sleep(30 + random() * (round === 0 ? 0 : 1500));
    child.kill("SIGKILL");
    await ended;
    for (const file of [path, cachePath]) {
      if (existsSync(file)) expect(qemuCheck(file, "vhdx")).toBe(SOUND);
    }
  }
  await create({ destination: { path, force: true }, cachePath });
  expect(checkDisk(path)).toEqual(CLEAN);
  expect(readdirSync(pathOf(".")).filter((name) => name.endsWith(".part"))).toEqual([]);
}, 600_000);
