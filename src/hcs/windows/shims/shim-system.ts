import { stringifyJson } from "../../../base/lossless-json.ts";
import { cleanUpAfter, errnoCode, ProcessError } from "../../../base/errors.ts";
import type {
  Attachment,
  ComputeProcess,
  ComputeSystem,
  Notification,
  ProcessParameters,
  PropertyType,
  SignalProcessOptions,
  SystemProperties,
} from "../../compute-service.ts";
import { ComputeError, HcsResult, isAlreadyStopped, isNotExist, isTimeout } from "../../results.ts";
import { NotificationType } from "../notification-types.ts";
import { ignoreConsoleEvents, sendConsoleEvents, type OnConsoleEvent } from "./console-events.ts";
import { terminateSystem } from "./end-system.ts";
import { endOwnSystem, openOwnSystem, withOwnSystem } from "./own-system.ts";
import { START } from "./init-shim.ts";
import { launchShim, lostExitCode, writePidFile, type LaunchedShim } from "./launch-shim.ts";
import { sendRequest, shimPipe } from "./request-pipe.ts";
import { requireRecord, type ShimContext } from "./shim-context.ts";
import { processStopped, ShimProcess } from "./shim-process.ts";
import { readProperties } from "./shim-properties.ts";
import { TERMINATES } from "./signals.ts";
import { toldFailure } from "./told-failure.ts";
import { waitForShims } from "./wait-for-shims.ts";

const KILL = 9;

/** A container of a Windows host, whose processes are served by shims. Nothing of it is open between calls. */
export class ShimSystem implements ComputeSystem {
  readonly id: string;
  readonly #context: ShimContext;

  constructor(context: ShimContext, id: string) {
    this.#context = context;
    this.id = id;
  }

  async start(): Promise<void> {
    const { records } = this.#context;
    const record = requireRecord(records, this.id);
    if (!records.isAlive(record)) throw this.#shimIsGone();
    await withOwnSystem(this.#context, this.id, async (system) => {
      try {
        await system.start();
      } catch (error) {
        // It may run by now, or do so later, and nobody would give it its process any more.
        throw isTimeout(error) ? await cleanUpAfter(error, () => terminateSystem(system)) : error;
      }
      try {
        const failure = await this.#askToStart(record.UniqueId);
        if (failure !== undefined) throw toldFailure(failure, "PROCESS_FAILED");
      } catch (error) {
        throw await cleanUpAfter(error, () => terminateSystem(system));
      }
    });
  }

  async pause(): Promise<void> {
    await withOwnSystem(this.#context, this.id, (system) => system.pause());
  }

  async resume(): Promise<void> {
    await withOwnSystem(this.#context, this.id, (system) => system.resume());
  }

  async modify(): Promise<void> {
    throw this.#unsupported("update", "limits of a container on Windows are set when it is created");
  }

  properties(types: readonly PropertyType[] = []): Promise<SystemProperties> {
    return readProperties(this.#context, this.id, types);
  }

  async createProcess({ OciProcess }: ProcessParameters, attachment: Attachment): Promise<ComputeProcess> {
    const { records, program, timeouts } = this.#context;
    const { GuestOs: guestOs } = requireRecord(records, this.id);
    const hasTerminal = OciProcess.terminal === true;
    const shim = await launchShim(program, {
      words: ["shim", "--exec", "--stdin", "4", "--stdout", "5", "--stderr", "6", this.id],
      data: stringifyJson(OciProcess),
      inheritsStreams: true,
      detached: attachment.detached || !hasTerminal,
      log: attachment.shimLog,
      subject: { operation: "create process in", systemId: this.id },
      timeout: timeouts.call,
    });
    const pid = records.execPid(this.id, shim.pid) ?? 0;
    const identity = { systemId: this.id, shim: shim.pid, pid, guestOs, hasTerminal };
    const send = sendConsoleEvents(guestOs, async () => new ShimProcess(this.#context, identity));
    const onEvent = hasTerminal ? ignoreConsoleEvents : send;
    const wait = attachment.detached ? async () => 0 : () => this.#follow(shim, onEvent);
    const process = new ShimProcess(this.#context, identity, wait);
    try {
      writePidFile(attachment.pidFile, shim.pid);
    } catch (error) {
      // Its shim ends with it.
      throw await cleanUpAfter(error, () => signalIfThere(async () => process, { Signal: KILL }));
    }
    return process;
  }

  async openProcess(shim: number): Promise<ComputeProcess> {
    const { records } = this.#context;
    const { GuestOs: guestOs } = requireRecord(records, this.id);
    if (shim === records.shim(this.id)) return this.openInitProcess();
    const pid = records.execPid(this.id, shim);
    if (pid !== undefined)
      return new ShimProcess(this.#context, { systemId: this.id, shim, pid, guestOs, hasTerminal: false });
    const message = `Cannot open process ${shim} of container "${this.id}": no process has a shim of this pid`;
    throw new ComputeError({
      operation: "open",
      systemId: this.id,
      hresult: HcsResult.ELEMENT_NOT_FOUND,
      message,
    });
  }

  async openInitProcess(): Promise<ComputeProcess> {
    const { records } = this.#context;
    const { GuestOs: guestOs, InitProcess } = requireRecord(records, this.id);
    const { State, ProcessId: shim } = await this.properties();
    if (State === "Stopped") throw processStopped(this.id, "signal");
    const pid = records.initPid(this.id);
    if (pid === undefined) return this.#unstarted(shim);
    const hasTerminal = InitProcess.terminal === true;
    return new ShimProcess(this.#context, { systemId: this.id, shim, pid, guestOs, hasTerminal });
  }

  async signalAll(options: SignalProcessOptions): Promise<void> {
    const shims = this.#context.records.execShims(this.id);
    const init = await this.openInitProcess();
    for (const shim of shims) await signalIfThere(() => this.openProcess(shim), options);
    await init.signal(options);
  }

  async *notifications(abort: AbortSignal): AsyncIterable<Notification> {
    const system = await openOwnSystem(this.#context, this.id);
    try {
      for await (const { type } of system.notifications(abort)) {
        if (type === NotificationType.SystemExited) return yield { Type: "SystemExited" };
      }
    } catch (error) {
      throw await cleanUpAfter(error, () => system.close());
    } finally {
      await system.close().catch(() => undefined);
    }
  }

  async save(): Promise<void> {
    throw this.#unsupported("checkpoint", "containers on Windows cannot be saved");
  }

  /** Ends the system, waits until its shims have ended too, and forgets both. */
  async terminate(): Promise<void> {
    const { records } = this.#context;
    if (!records.has(this.id)) return;
    // A shim that has ended as it should has ended the system: one of this id is another's by now.
    if (records.shim(this.id) !== 0) await endOwnSystem(this.#context, this.id);
    await waitForShims(records, this.id);
    records.remove(this.id);
  }

  /** Waits for the end of a further process, whose shim takes its value back when it has told the exit code. */
  async #follow(shim: LaunchedShim, onEvent: OnConsoleEvent): Promise<number> {
    const { records } = this.#context;
    const code = await shim.wait(onEvent);
    if (records.execPid(this.id, shim.pid) === undefined) return code;
    records.endExec(this.id, shim.pid);
    throw lostExitCode(`process ${shim.pid} of container "${this.id}"`);
  }

  async #askToStart(uniqueId: string): Promise<string | undefined> {
    try {
      const failure = await sendRequest(shimPipe(uniqueId), { ID: this.id, Op: START });
      return failure === "" ? `Cannot start container "${this.id}": its shim has ended` : failure;
    } catch (error) {
      if (errnoCode(error) === undefined) throw error;
      return this.#shimIsGone().message;
    }
  }

  /** A container without a process has nothing that could get a signal; those that end one end the container. */
  #unstarted(pid: number): ComputeProcess {
    const { GuestOs } = requireRecord(this.#context.records, this.id);
    return {
      pid,
      signal: async ({ Signal }) => {
        if (TERMINATES[GuestOs].has(Signal)) await withOwnSystem(this.#context, this.id, terminateSystem);
        else throw processStopped(this.id, "signal");
      },
      resizeConsole: async () => false,
      wait: async () => 0,
    };
  }

  #shimIsGone(): ProcessError {
    return new ProcessError(`Cannot start container "${this.id}": its shim has ended`, {
      hint: `Remove it with: runhcs delete --force ${this.id}`,
    });
  }

  #unsupported(operation: string, reason: string): ComputeError {
    const message = `Cannot ${operation} container "${this.id}": ${reason}`;
    return new ComputeError({ operation, systemId: this.id, hresult: HcsResult.NOT_SUPPORTED, message });
  }
}

/**
 * Signals a process unless it has ended. It may just have, or its shim was killed, and could not take back what it had
 * noted.
 */
async function signalIfThere(
  open: () => Promise<ComputeProcess>,
  options: SignalProcessOptions,
): Promise<void> {
  try {
    await (await open()).signal(options);
  } catch (error) {
    if (!isNotExist(error) && !isAlreadyStopped(error)) throw error;
  }
}
