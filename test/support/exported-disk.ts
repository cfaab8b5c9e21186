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
    await untilDetached(raw);
    daemon.kill("SIGTERM");
    await ended;
  }
}

/**
 * A loop device lets go of its file a little after the last mount of the file system has gone. Mount namespaces that
 * others have made meanwhile hold copies of the mount, and the kernel writes back only when these have gone too.
 */
async function untilDetached(raw: string): Promise<void> {
  const isAttached = (): boolean => execFileSync("losetup", ["-j", raw]).length > 0;
  for (let waited = 0; isAttached() && waited < 20_000; waited += 50) await sleep(50);
  await sleep(100);
}
