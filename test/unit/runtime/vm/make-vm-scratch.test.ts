import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeVmScratch } from "../../../../src/runtime/vm/make-vm-scratch.ts";
import type { WindowsVmOptions } from "../../../../src/oci/documents/vm/vm-options.ts";
import { FarSide } from "../../uvm/far-side.ts";

const SIZE = 128 * 1024 ** 2;

let folder: string;
let disk: string;
let options: WindowsVmOptions;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-vm-scratch-"));
  mkdirSync(join(folder, "image", "Files"), { recursive: true });
  writeFileSync(join(folder, "image", "SystemTemplate.vhdx"), "vhdxfile");
  const layerFolders = [join(folder, "base"), join(folder, "scratch", "vm")];
  options = { id: "web@vm", layerFolders, osFilesPath: join(folder, "image", "Files") } as never;
  disk = join(folder, "scratch", "vm", "sandbox.vhdx");
});

afterEach(() => rmSync(folder, { recursive: true }));

test("a VM gets a copy of the disk of its image, and keeps what it has", async () => {
  const far = new FarSide();
  mkdirSync(join(disk, ".."), { recursive: true });
  writeFileSync(`${disk}.part`, "what a killed call has left of a longer disk");
  await makeVmScratch(options, far);
  expect([readFileSync(disk, "utf8"), readdirSync(join(disk, ".."))]).toEqual(["vhdxfile", ["sandbox.vhdx"]]);
  expect([...far.granted]).toEqual([disk]);
  writeFileSync(disk, "written by the VM");
  await makeVmScratch(options, far);
  expect(readFileSync(disk, "utf8")).toBe("written by the VM");
});

test("there is no disk until it is whole", async () => {
  truncateSync(join(folder, "image", "SystemTemplate.vhdx"), SIZE);
  let isDone = false;
  const making = makeVmScratch(options, new FarSide()).finally(() => (isDone = true));
  let looks = 0;
  for (; !isDone; looks++) {
    if (existsSync(disk)) expect(statSync(disk).size).toBe(SIZE);
    await setImmediate();
  }
  await making;
  expect(looks).toBeGreaterThan(10);
});

test("a disk that cannot be made is told of with both names, and leaves nothing", async () => {
  rmSync(join(folder, "image", "SystemTemplate.vhdx"));
  await expect(makeVmScratch(options, new FarSide())).rejects.toThrow(
    /^Cannot make the scratch ".*sandbox.vhdx" of a VM from ".*SystemTemplate.vhdx": no such file or directory$/,
  );
  expect(readdirSync(join(disk, ".."))).toEqual([]);
});
