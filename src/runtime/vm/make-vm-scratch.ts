import { constants } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoCode, LayerError, systemFault } from "../../base/errors.ts";
import type { VmService } from "../../hcs/vm-system.ts";
import type { WindowsVmOptions } from "../../oci/documents/vm/vm-options.ts";

/**
 * Makes the disk that a Windows VM writes to: a copy of the one that is beside the files of its image. One that is
 * there is kept.
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
  try {
    await mkdir(folder, { recursive: true });
    await copyFile(template, disk, constants.COPYFILE_EXCL);
  } catch (error) {
    if (errnoCode(error) !== "EEXIST") throw unmade(disk, template, error);
  }
  await vms.grantVmAccess(id, disk);
}

function unmade(disk: string, template: string, cause: unknown): LayerError {
  const message = `Cannot make the scratch "${disk}" of a VM from "${template}": ${systemFault(cause)}`;
  return new LayerError("LAYER_IO", disk, message, { cause });
}
