// Mounts the file system of a virtual disk for writing: QEMU shows the disk as a file, the kernel mounts that.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Runs `action` in the mounted file system of a disk in a file of `format`, as QEMU names it. */
export async function mountedForWriting(
  path: string,
  format: string,
  action: (folder: string) => void,
): Promise<void> {
  const [raw, folder] = [`${path}.raw`, `${path}.mount`];
  writeFileSync(raw, "");
  mkdirSync(folder);
  const daemon = spawn("qemu-storage-daemon", [
    `--blockdev=driver=file,node-name=file,filename=${path}`,
    `--blockdev=driver=${format},node-name=disk,file=file`,
    `--export=type=fuse,id=export,node-name=disk,mountpoint=${raw},writable=on,growable=off`,
  ]);
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  try {
    for (let waited = 0; statSync(raw).size === 0 && waited < 10_000; waited += 20) await sleep(20);
    execFileSync("mount", ["-t", "ext4", "-o", "loop", raw, folder]);
    try {
      action(folder);
    } finally {
      execFileSync("umount", [folder]);
    }
  } finally {
    // The loop device lets go of its file a little later.
    await sleep(200);
    daemon.kill("SIGTERM");
    await ended;
  }
}
