import { PlatformError } from "../../../base/errors.ts";
import type { ScratchDisks } from "../../layer-store.ts";
import type { Machine } from "../machine.ts";

/** As the scratch disks of LCOW are made: what a container writes needs no journal. */
const MKFS_WORDS = ["-q", "-F", "-E", "lazy_itable_init=1", "-O", "^has_journal,sparse_super2,^resize_inode"];

/** A large disk takes its time to be checked. */
const TIMEOUT_MS = 30 * 60_000;

/** Makes raw disks with the programs of e2fsprogs, for a host that was given nothing else. */
export function rawDisks(machine: Machine): ScratchDisks {
  return {
    fileName: "sandbox.img",
    create: async (file, sizeBytes) => {
      await machine.writeNew(file, new Uint8Array(), sizeBytes);
      await run(machine, "mkfs.ext4", [...MKFS_WORDS, file]);
    },
    expand: async (file, sizeBytes) => {
      const size = (await machine.lookAtFile(file))?.size ?? 0;
      if (size >= sizeBytes) return;
      // A file system that has never been checked is not resized; e2fsck has 1 for "corrected".
      await run(machine, "e2fsck", ["-fp", file], 1);
      await run(machine, "resize2fs", [file, `${Math.ceil(sizeBytes / 1024)}K`]);
    },
  };
}

async function run(machine: Machine, name: string, args: readonly string[], accepted = 0): Promise<void> {
  const program = await machine.findProgram(name);
  if (program === undefined)
    throw new PlatformError("PLATFORM_MISSING", `Cannot make a scratch: ${name} is not installed`, {
      hint: "Install e2fsprogs",
    });
  const { code, output } = await machine.capture(program, args, TIMEOUT_MS);
  if (code >= 0 && code <= accepted) return;
  const reason = output.trim().split("\n").at(-1) ?? "";
  throw new PlatformError("PLATFORM_MISSING", `Cannot make a scratch: ${name} ends with ${code}, ${reason}`);
}
