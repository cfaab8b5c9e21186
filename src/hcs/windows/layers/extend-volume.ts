/**
 * Some builds of Windows enlarge the disk of a scratch and its partition, and leave the file system as it was. Then it
 * is told to take the new room, for which the scratch has to be mounted for a moment.
 */
import { cleanUpAfter } from "../../../base/errors.ts";
import { FILTER_DRIVER, layerCall, layerFailure, type LayerContext } from "./layer-context.ts";
import type { HeldLayer } from "./layer-record.ts";
import { announced, askMountPath } from "./layer-uses.ts";

/** The builds that leave the file system small, the last one not included. */
const FIRST_BUILD = 18362;
const LAST_BUILD = 19020;

/** Gives the length of a volume's partition in bytes. @see winioctl.h */
const IOCTL_DISK_GET_LENGTH_INFO = 0x7405c;
/** Takes the new number of the volume's sectors. @see winioctl.h */
const FSCTL_EXTEND_VOLUME = 0x900f0;

/** Bytes. NTFS takes whole clusters; those of a scratch have this size. */
const CLUSTER = 4096n;
const SECTOR = 512n;

const GENERIC_READ_WRITE = 0xc000_0000;
const SHARE_READ_WRITE = 3;
const OPEN_EXISTING = 3;
/** The HRESULT of a Win32 code is that code behind this one. */
const WRAPPED = 0x8007_0000;

/** Whether a build enlarges the disk of a scratch without its file system. */
export function leavesVolumeSmall(osBuild: number): boolean {
  return osBuild >= FIRST_BUILD && osBuild < LAST_BUILD;
}

/** Lets the file system of a scratch that nobody uses take all of its partition. @throws {LayerError} */
export async function extendVolume(context: LayerContext, held: HeldLayer): Promise<void> {
  const { vmcompute } = context.bindings;
  const { layer } = held.record;
  await announced(held, "activate", () =>
    layerCall(layer, "enlarge", vmcompute.ActivateLayer(FILTER_DRIVER, layer)),
  );
  // What is written down still says that a step is under way: if the layer stays mounted, the next call takes it apart.
  const unmount = async (): Promise<void> => {
    await layerCall(layer, "unmount", vmcompute.DeactivateLayer(FILTER_DRIVER, layer));
    held.save();
  };
  try {
    await extendMounted(context, layer);
  } catch (error) {
    throw await cleanUpAfter(error, unmount);
  }
  await unmount();
}

async function extendMounted(context: LayerContext, layer: string): Promise<void> {
  const { kernel32 } = context.bindings;
  // With a backslash at its end it would be the volume's root folder.
  const volume = (await askMountPath(context, layer)).replace(/\\$/, "");
  const { handle, lastError } = await kernel32.CreateFileW(
    volume,
    GENERIC_READ_WRITE,
    SHARE_READ_WRITE,
    null,
    OPEN_EXISTING,
    0,
    null,
  );
  if (handle === null) throw layerFailure(layer, "enlarge", WRAPPED + lastError);
  const control = async (code: number, input: Buffer | null, output: Buffer | null): Promise<void> => {
    const [inSize, outSize] = [input?.length ?? 0, output?.length ?? 0];
    const result = await kernel32.DeviceIoControl(handle, code, input, inSize, output, outSize, null);
    if (result.value === 0) throw layerFailure(layer, "enlarge", WRAPPED + result.lastError);
  };
  try {
    const number = Buffer.alloc(8);
    await control(IOCTL_DISK_GET_LENGTH_INFO, null, number);
    const clusters = number.readBigInt64LE() / CLUSTER;
    number.writeBigInt64LE(clusters * (CLUSTER / SECTOR));
    await control(FSCTL_EXTEND_VOLUME, number, null);
  } finally {
    await kernel32.CloseHandle(handle);
  }
}
