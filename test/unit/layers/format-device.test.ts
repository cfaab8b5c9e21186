import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { basename } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { LayerError } from "../../../src/base/errors.ts";
import { FormatError } from "../../../src/formats/format-error.ts";
import { formatDevice } from "../../../src/layers/format-device.ts";
import { useFolder } from "../../support/qemu-image.ts";
import { check, CLEAN } from "../formats/ext4/image-harness.ts";

const MIB = 2 ** 20;
const pathOf = useFolder();
const devices: string[] = [];
const partitioned: string[] = [];

afterEach(() => {
  for (const device of partitioned.splice(0)) execFileSync("delpart", [device, "1"]);
  for (const device of devices.splice(0)) execFileSync("losetup", ["-d", device]);
});

/** A loop device over a file whose ends hold what a used disk may hold there: no byte of it is zero. */
function usedDisk(size: number, ...flags: string[]): string {
  const path = pathOf(`disk-${devices.length}.img`);
  const fd = fs.openSync(path, "w");
  fs.ftruncateSync(fd, size);
  const junk = Buffer.alloc(MIB, "used");
  for (let at = 0; at < Math.min(size, 64 * MIB); at += MIB) {
    fs.writeSync(fd, junk, 0, Math.min(MIB, size - at), at);
  }
  fs.writeSync(fd, junk, 0, Math.min(MIB, size), Math.max(0, size - MIB));
  fs.closeSync(fd);
  const device = execFileSync("losetup", ["-f", "--show", ...flags, path], { encoding: "utf8" }).trim();
  devices.push(device);
  return device;
}

/** Mounts a device for writing while `act` runs. */
async function mountedAt(device: string, act: (folder: string) => unknown): Promise<void> {
  const folder = pathOf("mount");
  fs.mkdirSync(folder, { recursive: true });
  execFileSync("mount", ["-t", "ext4", device, folder]);
  try {
    await act(folder);
  } finally {
    execFileSync("umount", [folder]);
  }
}

async function refusal(path: string): Promise<string> {
  try {
    await formatDevice(path);
  } catch (error) {
    if (error instanceof LayerError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error(`${path} was formatted`);
}

describe("a device that has been used", () => {
  test.each([
    ["small", 8 * MIB],
    ["of one group", 100 * MIB],
    ["of no whole number of blocks", 700 * MIB + 512],
    ["of many groups", 20 * 1024 * MIB],
  ])("and is %s gets a file system without fault", async (_, size) => {
    const device = usedDisk(size);
    expect(await formatDevice(device)).toEqual({ path: device, size: size - (size % 4096) });
    expect(check(device)).toEqual(CLEAN);
  });

  test("is mounted by the kernel, filled, and sound afterwards", async () => {
    const device = usedDisk(300 * MIB);
    await formatDevice(device);
    await mountedAt(device, (folder) => {
      expect(fs.readdirSync(folder)).toEqual(["lost+found"]);
      for (let at = 0; at < 3000; at++) fs.writeFileSync(`${folder}/${at}`, `${at}`);
      fs.writeFileSync(`${folder}/large`, Buffer.alloc(200 * MIB, 7));
      expect(fs.statfsSync(folder).bfree * 4096).toBeLessThan(100 * MIB);
    });
    expect(check(device)).toEqual(CLEAN);
  });

  test("is nothing else any more", async () => {
    const device = usedDisk(64 * MIB);
    execFileSync("mkswap", ["-q", device]);
    await formatDevice(device);
    const found = execFileSync("wipefs", ["--noheadings", "--output", "TYPE", device], { encoding: "utf8" });
    expect(found.trim()).toBe("ext4");
  });

  test("tells how far the work is", async () => {
    const device = usedDisk(2000 * MIB);
    const told: (number | undefined)[][] = [];
    await formatDevice(device, { onProgress: (done, total) => told.push([done, total]) });
    const total = told[0]?.[1] ?? 0;
    // Its inode tables alone have a 64th of it.
    expect(total).toBeGreaterThan((2000 * MIB) / 64);
    expect(told.at(-1)).toEqual([total, total]);
  });

  test("is not formatted once the work was stopped", async () => {
    const device = usedDisk(20 * 1024 * MIB);
    const abort = new AbortController();
    const onProgress = (): void => abort.abort(new Error("stopped"));
    await expect(formatDevice(device, { signal: abort.signal, onProgress })).rejects.toThrow("stopped");
    expect(spawnSync("mount", ["-t", "ext4", device, pathOf("")]).status).not.toBe(0);
  });
});

describe("a disk is refused", () => {
  test("while it is mounted, and its files stay", async () => {
    const device = usedDisk(64 * MIB);
    await formatDevice(device);
    await mountedAt(device, async (folder) => {
      fs.writeFileSync(`${folder}/file`, "kept");
      expect(await refusal(device)).toBe(
        `LAYER_BUSY Cannot format "${device}": it or a part of it is in use`,
      );
      expect(fs.readFileSync(`${folder}/file`, "utf8")).toBe("kept");
    });
    expect(check(device)).toEqual(CLEAN);
  });

  test("while a partition of it is mounted", async () => {
    const disk = usedDisk(64 * MIB);
    execFileSync("addpart", [disk, "1", "2048", "65536"]);
    partitioned.push(disk);
    const name = `${basename(disk)}p1`;
    const numbers = fs
      .readFileSync(`/sys/block/${basename(disk)}/${name}/dev`, "utf8")
      .trim()
      .split(":");
    const partition = pathOf(name);
    execFileSync("mknod", [partition, "b", ...numbers]);
    await formatDevice(partition);
    await mountedAt(partition, async () => expect(await refusal(disk)).toMatch(/^LAYER_BUSY /));
    expect(check(partition)).toEqual(CLEAN);
    await formatDevice(disk);
  });

  test("while another program holds it for itself", async () => {
    const device = usedDisk(64 * MIB);
    const fd = fs.openSync(device, fs.constants.O_RDWR | fs.constants.O_EXCL);
    try {
      expect(await refusal(device)).toMatch(/^LAYER_BUSY /);
    } finally {
      fs.closeSync(fd);
    }
    await formatDevice(device);
  });

  test("that is none", async () => {
    fs.writeFileSync(pathOf("file"), "x");
    execFileSync("mkfifo", [pathOf("pipe")]);
    for (const path of [pathOf("file"), pathOf("pipe"), pathOf("."), "/dev/null"])
      expect(await refusal(path)).toBe(`LAYER_IO Cannot format "${path}": it is not a block device`);
    expect(await refusal(pathOf("none"))).toBe(
      `LAYER_NOT_FOUND Cannot format "${pathOf("none")}": it does not exist`,
    );
    expect(fs.readFileSync(pathOf("file"), "utf8")).toBe("x");
  });

  test("that has no room", async () => {
    const device = usedDisk(4096);
    await expect(formatDevice(device)).rejects.toThrow(FormatError);
    await expect(formatDevice(device)).rejects.toThrow(`Cannot format "${device}"`);
  });

  test("that cannot be written", async () => {
    const device = usedDisk(8 * MIB, "--read-only");
    expect(await refusal(device)).toMatch(/^LAYER_IO Cannot format "\/dev\/loop\d+": /);
  });
});
