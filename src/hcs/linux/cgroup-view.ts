/**
 * A private view of the cgroup tree in which the v2 part carries no controllers.
 *
 * Debian's crun refuses a "hybrid" host as soon as one controller sits on the v2 hierarchy. It only looks at
 * the list of controllers, and only when it creates; so that list is hidden for the program started next.
 * Only the v2 mount becomes private: every other mount keeps its propagation, and containers inherit nothing.
 */
import { closeSync, constants, openSync } from "node:fs";
import { CLONE_NEWNS, type Libc } from "./libc.ts";
import { MOUNT_FLAG } from "./mount-flags.ts";
import type { MachineFiles } from "./machine.ts";

const UNIFIED = "/sys/fs/cgroup/unified";
const CONTROLLERS = `${UNIFIED}/cgroup.controllers`;

/** Whether a machine has controllers on the v2 part of a hybrid cgroup tree. */
export async function hasHybridControllers(machine: MachineFiles): Promise<boolean> {
  return ((await machine.readText(CONTROLLERS)) ?? "").trim() !== "";
}

/**
 * Moves this thread, which is on the host, and what it starts afterwards, into the view.
 *
 * @returns what brings it back: mounts that are made and removed later are then those of the host again
 */
export function enterCgroupView(libc: Libc): () => void {
  const opened = {
    namespace: openSync("/proc/thread-self/ns/mnt", constants.O_RDONLY),
    root: openSync("/", constants.O_RDONLY),
    folder: openSync(".", constants.O_RDONLY),
  };
  let leave = (): void => {};
  try {
    libc.unshare(CLONE_NEWNS);
    leave = () => libc.enterNamespace(opened);
    libc.mount({ target: UNIFIED, flags: MOUNT_FLAG.private });
    libc.mount({ source: "/dev/null", target: CONTROLLERS, flags: MOUNT_FLAG.bind });
  } catch (error) {
    leave();
    for (const fd of Object.values(opened)) closeSync(fd);
    throw error;
  }
  return () => {
    leave();
    for (const fd of Object.values(opened)) closeSync(fd);
  };
}
