import { ComputeError, HcsResult, isAlreadyStopped, isNotExist, isNotSupported } from "../../results.ts";
import type { ComputeProcess, SignalProcessOptions } from "../../compute-service.ts";
import { closing } from "../../../base/closing.ts";
import { PlatformError } from "../../../base/errors.ts";
import { UNKNOWN_EXIT_CODE, type HcsProcess } from "../compute-process.ts";
import { withOwnSystem } from "./own-system.ts";
import type { ShimContext } from "./shim-context.ts";
import { OS_WITH_SIGNALS, signalDocument, TERMINATES } from "./signals.ts";

/** Which process, of which container. */
export interface ShimProcessIdentity {
  systemId: string;
  /** Host pid of its shim. */
  shim: number;
  /** As the service counts. */
  pid: number;
  guestOs: "Windows" | "Linux";
  hasTerminal: boolean;
}

/** A process of a container that a shim serves. */
export class ShimProcess implements ComputeProcess {
  readonly pid: number;
  readonly #context: ShimContext;
  readonly #identity: ShimProcessIdentity;
  readonly #wait: (() => Promise<number>) | undefined;

  /** @param wait of the shim, for a process that this program has launched */
  constructor(context: ShimContext, identity: ShimProcessIdentity, wait?: () => Promise<number>) {
    this.#context = context;
    this.#identity = identity;
    this.#wait = wait;
    this.pid = identity.shim;
  }

  async signal({ Signal }: SignalProcessOptions): Promise<void> {
    const { guestOs, hasTerminal, systemId } = this.#identity;
    const isDeliverable = this.#context.osBuild >= OS_WITH_SIGNALS && (guestOs === "Linux" || !hasTerminal);
    const send = this.#with(async (process) => {
      const document = isDeliverable ? signalDocument(guestOs, Signal) : undefined;
      if (document !== undefined && (await isDelivered(process, document))) return;
      if (TERMINATES[guestOs].has(Signal)) return process.kill();
      const message = `Cannot signal container "${systemId}": invalid signal value ${Signal}`;
      throw new PlatformError("PLATFORM_UNSUPPORTED", message, { hint: "Give TERM or KILL" });
    });
    await send.catch((error: unknown) => {
      // The process or all of its system may have ended since this call began.
      throw isNotExist(error) || isAlreadyStopped(error) ? processStopped(systemId, "signal", error) : error;
    });
  }

  resizeConsole(columns: number, rows: number): Promise<boolean> {
    return this.#with((process) => process.resizeConsole(columns, rows));
  }

  async wait(): Promise<number> {
    if (this.#wait !== undefined) return this.#wait();
    try {
      return await this.#with((process) => process.wait());
    } catch (error) {
      // The service keeps nothing of a process that has ended; its exit code is that of its shim.
      if (isNotExist(error)) return UNKNOWN_EXIT_CODE;
      throw error;
    }
  }

  #with<T>(act: (process: HcsProcess) => Promise<T>): Promise<T> {
    const { systemId, pid } = this.#identity;
    return withOwnSystem(this.#context, systemId, async (system) => {
      const process = await system.openProcess(pid);
      return closing(process, () => act(process));
    });
  }
}

/** Sends a signal. @returns false if the guest knows no signals, or not this one */
async function isDelivered(process: HcsProcess, document: { Signal: number | string }): Promise<boolean> {
  try {
    await process.signal(document);
    return true;
  } catch (error) {
    if (isNotSupported(error)) return false;
    throw error;
  }
}

/** The failure of a call on a process that has ended. @param id of its container */
export function processStopped(id: string, operation: string, cause?: unknown): ComputeError {
  return new ComputeError({
    operation,
    systemId: id,
    hresult: HcsResult.PROCESS_ALREADY_STOPPED,
    message: `Cannot ${operation} container "${id}": container not running`,
    cause,
  });
}
