import { pid as ownPid } from "node:process";
import { closing } from "../../../base/closing.ts";
import { cleanUpAfter } from "../../../base/errors.ts";
import { parseJson } from "../../../base/lossless-json.ts";
import type { OciProcess } from "../../../schema/oci.ts";
import type { HcsProcess } from "../compute-process.ts";
import { copyStreams } from "./copy-streams.ts";
import { withOwnSystem } from "./own-system.ts";
import { processDocument } from "./process-document.ts";
import { requireRecord, type ShimContext } from "./shim-context.ts";
import { readData, tellResult } from "./shim-side.ts";
import { failureText } from "./told-failure.ts";
import type { ShimDescriptors } from "../../shims.ts";

/**
 * Runs the process that this process was given, in a container, until its end. A failure before it runs goes to
 * whoever launched this process.
 *
 * @returns the exit code of the process, 1 if there was none
 * @throws {ComputeError} if the service ends
 */
export async function runExecShim(
  context: ShimContext,
  id: string,
  descriptors: ShimDescriptors,
): Promise<number> {
  let process: HcsProcess;
  try {
    process = await startProcess(context, id, descriptors);
  } catch (error) {
    tellResult(failureText(error));
    return 1;
  }
  tellResult(undefined);
  return closing(process, async () => {
    const code = await copyStreams(process, descriptors);
    // Whoever waits for this process takes its code for that of the container's only if it says so.
    context.records.endExec(id, ownPid);
    return code;
  });
}

async function startProcess(
  context: ShimContext,
  id: string,
  descriptors: ShimDescriptors,
): Promise<HcsProcess> {
  const { records } = context;
  const { GuestOs: guestOs } = requireRecord(records, id);
  const process = parseJson(readData()) as OciProcess;
  const place = { guestOs, isInit: false, hasInput: descriptors.stdin !== undefined };
  return withOwnSystem(context, id, async (system) => {
    const started = await system.createProcess(processDocument(process, place));
    try {
      records.setExecPid(id, ownPid, started.pid);
      return started;
    } catch (error) {
      // The container was removed meanwhile, or its state cannot be written: nobody could find the process.
      throw await cleanUpAfter(error, () => endUnnoted(started));
    }
  });
}

async function endUnnoted(process: HcsProcess): Promise<void> {
  await process.kill().catch(() => undefined);
  await process.close();
}
