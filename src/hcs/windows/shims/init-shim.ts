import type { Server } from "node:net";
import { pid as ownPid } from "node:process";
import { closing } from "../../../base/closing.ts";
import { cleanUpAfter } from "../../../base/errors.ts";
import type { HcsProcess } from "../compute-process.ts";
import type { HcsSystem } from "../compute-system.ts";
import { deferred, type Deferred } from "../deferred.ts";
import { copyStreams } from "./copy-streams.ts";
import { shutDownSystem, terminateSystem } from "./end-system.ts";
import { openOwnSystem } from "./own-system.ts";
import { processDocument } from "./process-document.ts";
import { serveRequests, shimPipe } from "./request-pipe.ts";
import { requireRecord, type ShimContext } from "./shim-context.ts";
import type { SystemRecord } from "./shim-records.ts";
import { tellResult } from "./shim-side.ts";
import { failureText } from "./told-failure.ts";
import type { ShimDescriptors } from "../../shims.ts";

/** The request with which `start` lets the first process run. */
export const START = "start";

/** A container and its shim. */
interface Served {
  id: string;
  record: SystemRecord;
  system: HcsSystem;
  server: Server;
  /** The first process, once it runs; undefined if it could not be made. */
  init: Deferred<HcsProcess | undefined>;
}

/**
 * Serves a container from its creation to its end: waits until the system has been started and `start` asks for the
 * first process, runs that, and then ends the system. A failure before it waits goes to whoever launched this process.
 *
 * @returns the exit code of the first process, 1 if there was none
 * @throws {ComputeError} if the service ends
 */
export async function runInitShim(
  context: ShimContext,
  id: string,
  descriptors: ShimDescriptors,
): Promise<number> {
  let served: Served;
  try {
    served = await prepare(context, id, descriptors);
  } catch (error) {
    tellResult(failureText(error));
    return 1;
  }
  tellResult(undefined);
  const { system, server } = served;
  try {
    return await closing(system, async () => {
      const code = await serveUntilEnd(served, descriptors);
      await shutDownSystem(system);
      // Whoever waits for this process takes its code for that of the container only if it says so.
      context.records.endShim(id);
      return code;
    });
  } finally {
    server.close();
  }
}

async function prepare(context: ShimContext, id: string, descriptors: ShimDescriptors): Promise<Served> {
  const { records } = context;
  const record = requireRecord(records, id);
  if (records.holdAlive(record.UniqueId) === undefined)
    throw new Error(`unreachable: container "${id}" has another shim`);
  const system = await openOwnSystem(context, id);
  try {
    const init = deferred<HcsProcess | undefined>();
    let isAsked = false;
    const server = await serveRequests(shimPipe(record.UniqueId), async ({ ID, Op }) => {
      if (ID !== id || Op !== START || isAsked)
        return `Cannot serve "${ID}": its shim does not take "${Op}" now`;
      isAsked = true;
      return startInit(context, served, descriptors);
    });
    const served = { id, record, system, server, init };
    records.setShim(id, ownPid);
    return served;
  } catch (error) {
    throw await cleanUpAfter(error, () => system.close());
  }
}

/** @returns the text of the failure */
async function startInit(
  { records }: ShimContext,
  { id, record, system, init }: Served,
  descriptors: ShimDescriptors,
): Promise<string | undefined> {
  try {
    const place = { guestOs: record.GuestOs, isInit: true, hasInput: descriptors.stdin !== undefined };
    const process = await system.createProcess(processDocument(record.InitProcess, place));
    records.setInitPid(id, process.pid);
    init.resolve(process);
    return undefined;
  } catch (error) {
    const failure = await cleanUpAfter(error, async () => {
      await terminateSystem(system).catch(() => undefined);
      records.endShim(id);
    });
    init.resolve(undefined);
    return failureText(failure);
  }
}

/** @returns the exit code of the first process; 1 if the system has ended before it was started */
async function serveUntilEnd({ system, init }: Served, descriptors: ShimDescriptors): Promise<number> {
  const hasEnded = system.wait().catch(() => undefined);
  const process = await Promise.race([init.promise, hasEnded]);
  if (process === undefined) return 1;
  return closing(process, () => copyStreams(process, descriptors));
}
