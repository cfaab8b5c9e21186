// An image made from the busybox of this machine, as a tar in docker's archive form, which podman,
// containerd and docker all load.
// @see https://github.com/moby/docker-image-spec/blob/main/v1.2.md
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The reference under which every engine knows the image. */
export const IMAGE = "docker.io/library/busybox:test";

const USERS = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n";
const GROUPS = "root:x:0:\nalice:x:1000:\naudio:x:29:alice\n";

/** Writes a root file system with busybox and all its applets into a new folder. */
export async function writeBusyboxRootfs(folder: string): Promise<void> {
  for (const name of ["bin", "dev", "etc", "home/alice", "proc", "root", "sys", "tmp", "var/www"]) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await copyFile("/bin/busybox", join(folder, "bin/busybox"));
  await run("/bin/busybox", [
    "sh",
    "-c",
    'for a in $(busybox --list); do ln -s busybox "$0/$a" 2>/dev/null; done; :',
    join(folder, "bin"),
  ]);
  await writeFile(join(folder, "etc/passwd"), USERS);
  await writeFile(join(folder, "etc/group"), GROUPS);
  await writeFile(join(folder, "var/www/index.html"), "served\n");
  await symlink("/bin", join(folder, "applets"));
  await writeFile(join(folder, "root/private"), '#!/bin/sh\nexec "$@"\n', { mode: 0o700 });
  await chmod(join(folder, "root"), 0o755);
  await chmod(join(folder, "tmp"), 0o1777);
}

/** Makes `busybox.tar` in the given folder and returns its path. */
export async function writeBusyboxImage(folder: string): Promise<string> {
  const rootfs = join(folder, "rootfs");
  const parts = join(folder, "image");
  await mkdir(parts);
  await writeBusyboxRootfs(rootfs);
  await run("tar", [
    "--numeric-owner",
    "--owner=0",
    "--group=0",
    "-C",
    rootfs,
    "-cf",
    join(parts, "layer.tar"),
    ".",
  ]);
  const diffId = createHash("sha256")
    .update(await readFile(join(parts, "layer.tar")))
    .digest("hex");
  const config = {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created: "2024-01-01T00:00:00Z",
    config: { Cmd: ["sh"], Env: ["PATH=/bin"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${diffId}`] },
    history: [{ created: "2024-01-01T00:00:00Z", created_by: "busybox" }],
  };
  await writeFile(join(parts, "config.json"), JSON.stringify(config));
  const manifest = [{ Config: "config.json", RepoTags: [IMAGE], Layers: ["layer.tar"] }];
  await writeFile(join(parts, "manifest.json"), JSON.stringify(manifest));
  const archive = join(folder, "busybox.tar");
  await run("tar", ["-C", parts, "-cf", archive, "manifest.json", "config.json", "layer.tar"]);
  return archive;
}
