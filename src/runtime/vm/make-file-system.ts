import { setTimeout as sleep } from "node:timers/promises";
import { ToolError } from "../../base/errors.ts";
import type { VmSystem } from "../../hcs/vm-system.ts";
import type { ScsiLocation } from "../../uvm/scsi-location.ts";
import { oneLine, runInGuest, type GuestCommand } from "./run-in-guest.ts";

/** Milliseconds between two looks whether the guest sees the disk. */
const APPEARANCE_POLL = 10;

/** As the scratches of Linux containers are made: without a journal, and with nothing left to be done later. */
const MKFS = "mkfs.ext4 -q -E lazy_itable_init=0,nodiscard -O ^has_journal,sparse_super2,^resize_inode".split(
  " ",
);

/** A command of the guest, and what it is for. */
interface DiskCommand extends GuestCommand {
  /** The disk, as the host calls it. */
  disk: string;
}

/**
 * Makes an ext4 file system on a disk that has been attached to a Linux VM, once the guest sees it.
 *
 * @param disk the disk, as the host calls it
 * @throws {ToolError} if the guest does not see the disk in time, or cannot format it
 * @throws {ComputeError | StreamError}
 */
export async function makeFileSystem(
  vm: VmSystem,
  disk: string,
  { controller, lun }: ScsiLocation,
): Promise<void> {
  const folder = `/sys/bus/scsi/devices/${controller}:0:0:${lun}/block`;
  const timeout = vm.waits.guestCommand;
  await awaitDisk({ vm, disk, words: ["test", "-d", folder], timeout });
  const name = await mustRun({ vm, disk, words: ["ls", folder], timeout });
  if (!/^[a-z][a-z0-9]*$/.test(name)) throw failure(disk, `the guest calls it "${oneLine(name)}"`, name);
  // A large disk takes long: its inode tables are written.
  await mustRun({ vm, disk, words: [...MKFS, `/dev/${name}`] });
}

async function awaitDisk(command: DiskCommand): Promise<void> {
  const longest = command.vm.waits.guestDevice;
  const end = Date.now() + longest;
  for (;;) {
    const { exitCode } = await runInGuest(command);
    if (exitCode === 0) return;
    if (Date.now() > end) {
      throw failure(command.disk, `the guest does not see it after ${longest} ms`, "");
    }
    await sleep(APPEARANCE_POLL);
  }
}

/** @returns what the command says, without the space around it */
async function mustRun(command: DiskCommand): Promise<string> {
  const { exitCode, output, errors } = await runInGuest(command);
  if (exitCode === 0) return output.trim();
  const said = errors.trim() === "" ? "" : `: ${oneLine(errors)}`;
  throw failure(command.disk, `${command.words[0]} in the guest ended with ${exitCode}${said}`, errors);
}

function failure(disk: string, found: string, original: string): ToolError {
  return new ToolError(`Cannot format "${disk}": ${found}`, original);
}
