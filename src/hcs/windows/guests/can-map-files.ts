import type { Bindings } from "../bindings/open-bindings.ts";
import { systemFailure } from "../system-failure.ts";

/** The builds of Windows, 1903 to 20H2, that map files by an id which not every file system gives them. */
const FIRST_BUILD = 18_362;
const LAST_BUILD = 19_042;

const SHARE_ALL = 7;
const OPEN_EXISTING = 3;
/** Without it no folder is opened. */
const FILE_FLAG_BACKUP_SEMANTICS = 0x0200_0000;
const FILE_ID_INFO = 18;
const FILE_ID_INFO_SIZE = 24;

/**
 * Tells whether files of a folder can be mapped into the memory of a VM: some builds need the file system to tell the
 * ids of files, which that of a server may not do.
 *
 * @throws {ComputeError} if the folder cannot be opened
 */
export async function canMapFiles(
  { kernel32 }: Pick<Bindings, "kernel32">,
  folder: string,
  osBuild: number,
): Promise<boolean> {
  if (osBuild < FIRST_BUILD || osBuild > LAST_BUILD) return true;
  const { handle, lastError } = await kernel32.CreateFileW(
    folder,
    0,
    SHARE_ALL,
    null,
    OPEN_EXISTING,
    FILE_FLAG_BACKUP_SEMANTICS,
    null,
  );
  if (handle === null) throw systemFailure(`open "${folder}"`, lastError);
  try {
    const space = Buffer.alloc(FILE_ID_INFO_SIZE);
    const { value } = await kernel32.GetFileInformationByHandleEx(handle, FILE_ID_INFO, space, space.length);
    return value !== 0;
  } finally {
    await kernel32.CloseHandle(handle);
  }
}
