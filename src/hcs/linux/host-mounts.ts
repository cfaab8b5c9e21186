/** Mounts, loop devices and locks of the host. */
import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { errnoCode } from "../../base/errors.ts";
import { ifExists } from "../../base/files.ts";
import type { Libc } from "./libc.ts";
import { attachFile, isAttached } from "./loop-devices.ts";
import type { MachineMounts, OverlayRequest } from "./machine.ts";

/** The kernel reads one page of options and cuts off the rest in silence. */
const OPTIONS_MAX = 4095;

/** Opens the host's mounts. @param libc gives the C library, opened at most once and only if it is needed */
export function openHostMounts(libc: () => Libc): MachineMounts {
  return {
    mount: async (request) => libc().mount(request),
    mountOverlay: async (request) => mountOverlay(libc(), request),
    unmount: async (target) => unmount(libc(), target),
    attachFile: async (path, options) => attachFile(libc(), path, options),
    isAttached: async (path) => isAttached(libc(), path),
    lock: async (path) => lock(libc(), path),
  };
}

/**
 * Names the folders by descriptors: that is short, so that many fit into the page of options, and needs no escape of
 * commas, colons and backslashes. The kernel looks the folders up once and keeps them.
 */
function mountOverlay(libc: Libc, { target, lower, upper, options }: OverlayRequest): void {
  const fds: number[] = [];
  const name = (folder: string): string => {
    const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    fds.push(fd);
    return `/proc/self/fd/${fd}`;
  };
  try {
    const words = [`lowerdir=${lower.map(name).join(":")}`];
    if (upper !== undefined) words.push(`upperdir=${name(upper.folder)}`, `workdir=${name(upper.work)}`);
    const data = [...words, ...(options === "" ? [] : [options])].join(",");
    if (data.length > OPTIONS_MAX)
      throw Object.assign(new Error(`mount on "${target}": E2BIG`), { code: "E2BIG" });
    libc.mount({ source: "overlay", target, type: "overlay", flags: 0, data });
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

function unmount(libc: Libc, target: string): boolean {
  try {
    libc.unmount(target);
    return true;
  } catch (error) {
    const code = errnoCode(error);
    // EINVAL: there is no mount.
    if (code === "EINVAL" || code === "ENOENT") return false;
    throw error;
  }
}

async function lock(libc: Libc, path: string): Promise<(() => Promise<void>) | undefined> {
  const fd = ifExists(() =>
    openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600),
  );
  if (fd === undefined) return undefined;
  // A lock on a file that its last holder has removed protects nothing.
  if (libc.tryLock(fd) && ifExists(() => statSync(path).ino) === fstatSync(fd).ino)
    return async () => closeSync(fd);
  closeSync(fd);
  return undefined;
}
