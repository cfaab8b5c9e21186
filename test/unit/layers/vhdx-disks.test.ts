import { closeSync, openSync, readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { expect, test } from "vitest";
import { openDisk } from "../../../src/formats/disk/open-disk.ts";
import { StoredFile } from "../../../src/formats/disk/stored-file.ts";
import { inspectLayer } from "../../../src/layers/inspect-layer.ts";
import { withDisk } from "../../../src/layers/open-disk-file.ts";
import { vhdxDisks } from "../../../src/layers/vhdx-disks.ts";
import { useFolder } from "../../support/qemu-image.ts";

const GIB = 2 ** 30;
const pathOf = useFolder();

function sizesOf(path: string): { diskSize: number; fileSystemSize: number | undefined } {
  return withDisk(path, ({ source }) => {
    const { diskSize, fileSystem } = inspectLayer(source);
    return { diskSize, fileSystemSize: fileSystem?.size };
  });
}

test("makes a disk that only its owner can read, in place of none", async () => {
  const path = pathOf("made");
  await vhdxDisks().create(path, GIB + 1);
  expect(sizesOf(path)).toEqual({ diskSize: 2 * GIB, fileSystemSize: 2 * GIB });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dirname(path)).filter((name) => name.includes(basename(path)))).toEqual([
    basename(path),
  ]);
  await expect(vhdxDisks().create(path, GIB)).rejects.toMatchObject({ code: "EEXIST" });
});

test("completes a growth that was interrupted, and never makes a disk smaller", async () => {
  const path = pathOf("grown");
  await vhdxDisks().create(path, GIB);
  const fd = openSync(path, "r+");
  openDisk(new StoredFile(fd)).grow(2 * GIB);
  closeSync(fd);
  expect(sizesOf(path)).toEqual({ diskSize: 2 * GIB, fileSystemSize: GIB });
  await vhdxDisks().expand(path, 2 * GIB);
  expect(sizesOf(path)).toEqual({ diskSize: 2 * GIB, fileSystemSize: 2 * GIB });
  await vhdxDisks().expand(path, GIB);
  expect(sizesOf(path)).toEqual({ diskSize: 2 * GIB, fileSystemSize: 2 * GIB });
});
