/**
 * Shows a VHDX as a raw file, which a loop device can be attached to.
 *
 * QEMU's storage daemon reads and writes the format and exports the disk through FUSE. One daemon belongs to one
 * mounted disk. It is known by its command line, which names the place's own pid file: that holds for a daemon whose
 * starter was killed, and for no later process that happens to have its pid.
 *
 * @see https://www.qemu.org/docs/master/tools/qemu-storage-daemon.html
 */
import { PlatformError } from "../../../base/errors.ts";
import { hasEnded } from "../executor-record.ts";
import type { Machine } from "../machine.ts";
import { layerFault } from "./layer-fault.ts";
import type { MountPlace } from "./mount-place.ts";

const PROGRAM = "qemu-storage-daemon";
const SIGTERM = 15;
const SIGKILL = 9;

/** How often a device or a daemon is asked for whether it is gone, and for how long. */
const POLL_MS = 5;
const DETACH_TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 60_000;

/**
 * Shows the disk of a VHDX file at the place's `exportFile`.
 *
 * @throws {PlatformError} PLATFORM_MISSING without the program @throws {LayerError}
 */
export async function startDaemon(
  machine: Machine,
  place: MountPlace,
  { path, file }: { path: string; file: string },
): Promise<void> {
  const program = await machine.findProgram(PROGRAM);
  if (program === undefined) {
    throw new PlatformError("PLATFORM_MISSING", `Cannot mount layer "${path}": ${PROGRAM} is not installed`, {
      hint: "Install it (Debian: apt-get install qemu-system-common), or use a raw scratch",
    });
  }
  await machine.writeNew(place.exportFile, new Uint8Array(), 0);
  const { code, output } = await machine.capture(program, daemonWords(place, file), START_TIMEOUT_MS);
  if (code === 0) return;
  throw layerFault("LAYER_IO", path, ["mount", `${PROGRAM} says: ${output.trim().split("\n")[0] ?? ""}`]);
}

/** The daemon's words as JSON, in which no file name needs an escape of its own. */
function daemonWords({ exportFile, pidFile }: MountPlace, file: string): string[] {
  const protocol = { driver: "file", "node-name": "file", filename: file };
  const disk = { driver: "vhdx", "node-name": "disk", file: "file" };
  const fuse = { type: "fuse", id: "disk", "node-name": "disk", mountpoint: exportFile, writable: true };
  const nodes = [protocol, disk].flatMap((node) => ["--blockdev", JSON.stringify(node)]);
  return [...nodes, "--export", JSON.stringify(fuse), "--pidfile", pidFile, "--daemonize"];
}

/** Whether the daemon of a mounted disk still runs. */
export async function daemonRuns(machine: Machine, place: MountPlace): Promise<boolean> {
  return (await findDaemons(machine, place)).length > 0;
}

/**
 * Ends the daemon of a place, if there is one, after everything is written.
 *
 * @throws {LayerError} LAYER_BUSY if another mount namespace still has the disk mounted
 */
export async function endDaemon(machine: Machine, place: MountPlace, layer: string): Promise<void> {
  if (!(await machine.list(place.path)).includes("export")) return;
  const daemons = await findDaemons(machine, place);
  if (!(await isSoon(async () => !(await machine.isAttached(place.exportFile)), DETACH_TIMEOUT_MS)))
    throw layerFault("LAYER_BUSY", layer, [
      "unmount",
      "its disk is still mounted in another mount namespace",
    ]);
  for (const pid of daemons) await endProcess(machine, pid);
  // A daemon that was killed leaves its file system behind.
  while (await machine.unmount(place.exportFile));
}

async function endProcess(machine: Machine, pid: number): Promise<void> {
  const isGone = async (): Promise<boolean> => {
    const look = await machine.lookAtProcess(pid);
    return look === undefined || hasEnded(look);
  };
  await machine.signal(pid, SIGTERM);
  if (await isSoon(isGone, END_TIMEOUT_MS)) return;
  await machine.signal(pid, SIGKILL);
  await isSoon(isGone, END_TIMEOUT_MS);
}

/** The pid file is written late, so without one every process is looked at. */
async function findDaemons(machine: Machine, place: MountPlace): Promise<number[]> {
  const pid = Number.parseInt((await machine.readText(place.pidFile)) ?? "", 10);
  if (await isDaemon(machine, place, pid)) return [pid];
  const found: number[] = [];
  for (const name of await machine.list("/proc")) {
    if (/^\d+$/.test(name) && (await isDaemon(machine, place, Number(name)))) found.push(Number(name));
  }
  return found;
}

async function isDaemon(machine: Machine, { pidFile }: MountPlace, pid: number): Promise<boolean> {
  if (!Number.isSafeInteger(pid)) return false;
  const words = (await machine.readText(`/proc/${pid}/cmdline`))?.split("\0") ?? [];
  return words[0]?.endsWith(PROGRAM) === true && words.includes(pidFile);
}

async function isSoon(isDone: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isDone())) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}
