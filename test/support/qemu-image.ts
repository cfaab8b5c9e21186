// Asks QEMU what it thinks of disk images, and has it make some.
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { ByteSource } from "../../src/formats/byte-io.ts";
import { StoredFile } from "../../src/formats/disk/stored-file.ts";

/** A temporary folder, emptied after each test; gives paths in it. */
export function useFolder(): (name: string) => string {
  let folder: string | undefined;
  afterEach(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    folder = undefined;
  });
  return (name) => {
    folder ??= mkdtempSync(join(tmpdir(), "runhcs-disk-"));
    return join(folder, name);
  };
}

/** Runs qemu-img. */
export function qemuImg(...args: string[]): string {
  return execFileSync("qemu-img", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs commands of qemu-io on an image. @throws if one fails or reads another pattern than it was told */
export function qemuIo(path: string, format: string, commands: readonly string[]): void {
  const args = commands.flatMap((command) => ["-c", command]);
  const { status, stdout, stderr } = spawnSync("qemu-io", ["-f", format, ...args, path], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status !== 0 || /Pattern verification failed|failed:/.test(`${stdout}${stderr}`)) {
    throw new Error(`qemu-io: ${stdout.slice(0, 500)}${stderr.slice(0, 500)}`);
  }
}

/** QEMU's verdict on an image. */
export function qemuCheck(path: string, format: string): string {
  const { status, stdout, stderr } = spawnSync("qemu-img", ["check", "-f", format, path], {
    encoding: "utf8",
  });
  return `${status} ${stdout}${stderr}`.trim();
}

/** What {@link qemuCheck} says of an image without fault. */
export const SOUND = "0 No errors were found on the image.";

/** What QEMU says of an image. */
export function qemuInfo(path: string, format: string): { "virtual-size": number; "cluster-size"?: number } {
  return JSON.parse(qemuImg("info", "--output=json", "-f", format, path));
}

/** Opens a file for reading and writing while `action` runs. */
export function withFile<T>(path: string, action: (file: StoredFile) => T, flags = "r+"): T {
  const fd = openSync(path, flags);
  try {
    return action(new StoredFile(fd));
  } finally {
    closeSync(fd);
  }
}

/** Writes a disk's bytes into a raw image, leaving out zeros. */
export function writeRaw(path: string, disk: ByteSource): void {
  withFile(
    path,
    (file) => {
      const chunk = Buffer.alloc(2 ** 20);
      const zeros = Buffer.alloc(chunk.length);
      for (let position = 0; position < disk.size; position += chunk.length) {
        const part = chunk.subarray(0, Math.min(chunk.length, disk.size - position));
        disk.read(part, position);
        if (!part.equals(zeros.subarray(0, part.length))) file.write([part], position);
      }
      file.resize(disk.size);
    },
    "w+",
  );
}

/** Writes bytes to a file. */
export function writeBytes(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, "w");
  writeSync(fd, bytes);
  closeSync(fd);
}
