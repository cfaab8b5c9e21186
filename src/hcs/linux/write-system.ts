/** Begins a compute system: its id, and what is remembered of it. */
import { PlatformError } from "../../base/errors.ts";
import { stringifyJson } from "../../base/lossless-json.ts";
import type { OciConfig } from "../../schema/oci.ts";
import { ComputeError, HcsResult } from "../results.ts";
import type { SystemContext } from "./system-context.ts";

/** Claims the id of a system; of two callers one wins, by making the folder. @throws {ComputeError} HCS_E_SYSTEM_ALREADY_EXISTS */
export async function claimSystem({ machine, id, folder }: SystemContext): Promise<void> {
  if (await machine.makeFolder(folder.path)) return;
  const message = `container with given ID already exists: "${id}"`;
  throw new ComputeError({
    operation: "create",
    systemId: id,
    hresult: HcsResult.SYSTEM_ALREADY_EXISTS,
    message,
  });
}

/** Writes down all of a system or nothing. @throws {PlatformError} STATE_IO */
export async function writeSystem(
  { machine, id, folder, record }: SystemContext,
  specification: OciConfig,
): Promise<void> {
  try {
    await machine.writeText(folder.record, JSON.stringify(record));
    await machine.writeText(folder.config, stringifyJson(specification));
  } catch (error) {
    await machine.remove(folder.path);
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Cannot keep the state of container "${id}" in "${folder.path}": ${reason}`;
    throw new PlatformError("STATE_IO", message, {
      hint: "Check free space and permissions there, or give another folder with --root",
      cause: error,
    });
  }
}
