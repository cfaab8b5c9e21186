// Folders of layers and scratches for tests: images by our own writer, disks by QEMU's and e2fsprogs' tools.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { Ext4Writer } from "../../src/formats/ext4/writer.ts";
import type { FileEntry } from "../../src/formats/file-entry.ts";
import { FileSink } from "../../src/formats/file-sink.ts";
import { vhdFooter } from "../../src/formats/vhd/footer.ts";

/** A file of a layer: its text, or further fields of its entry. */
export type LayerFile = string | Partial<FileEntry>;

/** Writes a read-only layer. @returns its folder */
export function writeLayer(folder: string, files: Readonly<Record<string, LayerFile>>): string {
  fs.mkdirSync(folder, { recursive: true });
  const fd = fs.openSync(join(folder, "layer.vhd"), "wx");
  try {
    const writer = new Ext4Writer(new FileSink(fd), { overlay: true, maximumSize: 2 ** 30 });
    for (const [path, file] of Object.entries(files)) addFile(writer, path, file);
    const { size } = writer.finish();
    fs.ftruncateSync(fd, size);
    fs.writeSync(fd, vhdFooter(size, { uuid: Buffer.alloc(16, 7) }), 0, 512, size);
  } finally {
    fs.closeSync(fd);
  }
  return folder;
}

function addFile(writer: Ext4Writer, path: string, file: LayerFile): void {
  const contents = Buffer.from(typeof file === "string" ? file : "");
  const fields = typeof file === "string" ? {} : file;
  const plain = { type: "file", mode: 0o644, uid: 0, gid: 0, size: contents.length, mtime: 0n } as const;
  writer.entry({ path, ...plain, ...fields });
  if (contents.length > 0) writer.data(contents);
}

/** A folder of a layer. */
export const FOLDER: LayerFile = { type: "directory", mode: 0o755 };

/** Writes the layer that containers need: busybox, and folders to mount on. @returns its folder */
export function writeBusyboxLayer(folder: string): string {
  const link: LayerFile = { type: "symlink", mode: 0o777, linkTarget: "busybox" };
  const names = ["sh", "cat", "echo", "ls", "sleep", "rm", "mkdir", "touch", "test", "id", "su"];
  fs.mkdirSync(folder, { recursive: true });
  const busybox = fs.readFileSync("/bin/busybox");
  const fd = fs.openSync(join(folder, "layer.vhd"), "wx");
  const writer = new Ext4Writer(new FileSink(fd), { overlay: true, maximumSize: 2 ** 30 });
  for (const path of ["bin", "dev", "etc", "proc", "tmp", "out"]) addFile(writer, path, FOLDER);
  const program = { path: "bin/busybox", type: "file", mode: 0o755, uid: 0, gid: 0, mtime: 0n } as const;
  writer.entry({ ...program, size: busybox.length });
  writer.data(busybox);
  for (const name of names) addFile(writer, `bin/${name}`, link);
  const { size } = writer.finish();
  fs.ftruncateSync(fd, size);
  fs.writeSync(fd, vhdFooter(size, { uuid: Buffer.alloc(16, 9) }), 0, 512, size);
  fs.closeSync(fd);
  return folder;
}

/** The kinds of a scratch. */
export const SCRATCH_KINDS = ["vhdx", "raw", "folder"] as const;

/** Makes a scratch. @returns its folder */
export function writeScratch(folder: string, kind: (typeof SCRATCH_KINDS)[number]): string {
  fs.mkdirSync(folder, { recursive: true });
  if (kind === "folder") return folder;
  const raw = join(folder, "sandbox.img");
  fs.writeFileSync(raw, "");
  fs.truncateSync(raw, 64 * 2 ** 20);
  execFileSync("mkfs.ext4", ["-q", "-F", "-O", "^has_journal", raw]);
  if (kind === "vhdx") {
    execFileSync("qemu-img", ["convert", "-q", "-O", "vhdx", raw, join(folder, "sandbox.vhdx")]);
    fs.rmSync(raw);
  }
  return folder;
}
