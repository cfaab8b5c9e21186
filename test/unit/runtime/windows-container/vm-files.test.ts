import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findVmImage, linuxBootFiles } from "../../../../src/runtime/windows-container/vm-files.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "runhcs-files-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("boot files beside the program come before those of the host", () => {
  const program = join(folder, "run.js");
  expect(linuxBootFiles(program, "/programs").folder).toBe("/programs/Linux Containers");
  mkdirSync(join(folder, "LinuxBootFiles"));
  writeFileSync(join(folder, "LinuxBootFiles", "vmlinux"), "");
  const files = linuxBootFiles(program, "/programs");
  expect(files.folder).toBe(join(folder, "LinuxBootFiles"));
  expect([files.has(files.folder, "vmlinux"), files.has(files.folder, "kernel")]).toEqual([true, false]);
});

test("the image of a Windows VM is that of the topmost layer that has one", () => {
  const layers = ["top", "middle", "base"].map((name) => join(folder, name));
  expect(findVmImage(layers)).toBeUndefined();
  for (const layer of layers.slice(1)) mkdirSync(join(layer, "UtilityVM"), { recursive: true });
  expect(findVmImage(layers)).toBe(join(folder, "middle", "UtilityVM"));
});
