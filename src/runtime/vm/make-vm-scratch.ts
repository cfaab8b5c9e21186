import { existsSync } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cleanUpAfter, LayerError, systemFault } from "../../base/errors.ts";
import type { VmService } from "../../hcs/vm-system.ts";
import type { WindowsVmOptions } from "../../oci/documents/vm/vm-options.ts";

/**
 * Makes the disk that a Windows VM writes to: a copy of the one that is beside the files of its image. One that is
 * there is kept. A call that is killed leaves none that is not whole.
 *
 * @throws {LayerError} LAYER_IO
 * @throws {ComputeError} if the VM cannot be let at it
 */
export async function makeVmScratch(
  { id, layerFolders, osFilesPath }: WindowsVmOptions,
  vms: VmService,
): Promise<void> {
  const folder = layerFolders.at(-1) ?? "";
  const disk = join(folder, "sandbox.vhdx");
  const template = join(dirname(osFilesPath), "SystemTemplate.vhdx");
  if (!existsSync(disk)) await copyWhole(template, disk);
  await vms.grantVmAccess(id, disk);
}

async function copyWhole(template: string, disk: string): Promise<void> {
  // The same for all: what a killed call has left is overwritten.
  const part = `${disk}.part`;
  try {
    await mkdir(dirname(disk), { recursive: true });
    await copyFile(template, part);
    await rename(part, disk);
  } catch (error) {
    throw await cleanUpAfter(unmade(disk, template, error), () => rm(part, { force: true }));
  }
}

function unmade(disk: string, template: string, cause: unknown): LayerError {
  const message = `Cannot make the scratch "${disk}" of a VM from "${template}": ${systemFault(cause)}`;
  return new LayerError("LAYER_IO", disk, message, { cause });
}
