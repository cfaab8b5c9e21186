import { cleanUpAfter } from "../../base/errors.ts";
import { stringifyJson } from "../../base/lossless-json.ts";
import type { ComputeProcess } from "../compute-service.ts";
import {
  ComputeError,
  HcsResult,
  isAlreadyStopped,
  isDisconnected,
  isInvalidState,
  isNotExist,
} from "../results.ts";
import { askMeanwhile } from "./ask-meanwhile.ts";
import type { CallResult } from "./bindings/signature.ts";
import type { ProcessInformation } from "./bindings/layouts.ts";
import { answerOf, readDocument } from "./compute-call.ts";
import { withDeadline } from "./deadline.ts";
import { deferred } from "./deferred.ts";
import type { HostContext } from "./host-context.ts";
import { NotificationType, type HcsNotification } from "./notification-types.ts";
import { alreadyClosed } from "./open-handle.ts";
import { closeStreams, openProcessStreams, type ProcessStreams } from "./process-streams.ts";
import { computeFailure, type Subject } from "./result-document.ts";
import { WatchedObject } from "./watched-object.ts";

/** Exit code of a process that has ended, when the service does not know with which. */
export const UNKNOWN_EXIT_CODE = -1;

/** What the service knows of a process. */
export interface ProcessProperties {
  ProcessId: number;
  Exited: boolean;
  /** 32 bits, unsigned. */
  ExitCode: number;
  /** A Win32 code other than 0 if the service lost the process. */
  LastWaitResult: number;
}

/** Which process, of which system. */
export interface ProcessIdentity {
  systemId: string;
  pid: number;
}

/** A process in a compute system, on a Windows host. */
export class HcsProcess implements ComputeProcess {
  readonly pid: number;
  /** Streams of a process that this program created; a process that was opened has none. */
  readonly streams: ProcessStreams = {};
  readonly #context: HostContext;
  readonly #systemId: string;
  readonly #object: WatchedObject;
  readonly #exit = deferred<number>();
  #exitTimer: NodeJS.Timeout | undefined;

  private constructor(context: HostContext, identity: ProcessIdentity, handle: bigint) {
    this.#context = context;
    this.#systemId = identity.systemId;
    this.pid = identity.pid;
    const close = context.bindings.vmcompute.HcsCloseProcess;
    this.#object = new WatchedObject(context, this.#subject("wait for"), { name: "Process", close }, handle);
  }

  /**
   * Takes over a handle of a process, and its pipes if there are any, and begins to listen.
   *
   * @param information of a process that this program has made, which is ended if it cannot be taken over
   * @throws {ComputeError} after it has closed what it was given
   */
  static async adopt(
    context: HostContext,
    identity: ProcessIdentity,
    handle: bigint,
    information?: ProcessInformation,
  ): Promise<HcsProcess> {
    const process = new HcsProcess(context, identity, handle);
    try {
      if (information !== undefined)
        Object.assign(process.streams, openProcessStreams(information, context.bindings.openDescriptor));
      await process.#object.watch((notification) => process.#hear(notification));
      return process;
    } catch (error) {
      throw await cleanUpAfter(error, async () => {
        // Nobody else knows of it, and it may have ended by itself.
        if (information !== undefined) await process.kill().catch(() => undefined);
        await process.close();
      });
    }
  }

  /**
   * Waits for the end of the process.
   *
   * @param timeout in milliseconds; for ever if absent
   * @returns its exit code, 32 bits unsigned, or {@link UNKNOWN_EXIT_CODE}
   * @throws {ComputeError} isTimeout; HCS_E_SERVICE_DISCONNECT when the service has ended
   */
  async wait(timeout?: number): Promise<number> {
    const exit = this.#exit.promise;
    const wait =
      timeout === undefined ? exit : withDeadline(exit, { ms: timeout, subject: this.#subject("wait for") });
    return askMeanwhile(wait, this.#context.timeouts.exitCheck, () => this.#askForExit());
  }

  /**
   * Sends a signal: `{Signal: 15}` to a Linux guest, `{Signal: "CtrlShutdown"}` to a Windows guest.
   *
   * @throws {ComputeError} isAlreadyStopped when the process has ended
   */
  signal(options: { Signal: number | string }): Promise<void> {
    const { HcsSignalProcess } = this.#context.bindings.vmcompute;
    const text = stringifyJson(options);
    return this.#deliver("signal", (handle) => HcsSignalProcess(handle, text));
  }

  /** Ends the process without asking it. @throws {ComputeError} isAlreadyStopped when it has ended */
  kill(): Promise<void> {
    const { HcsTerminateProcess } = this.#context.bindings.vmcompute;
    return this.#deliver("kill", (handle) => HcsTerminateProcess(handle));
  }

  /** Sets the size of the console. @returns false if there is none */
  async resizeConsole(columns: number, rows: number): Promise<boolean> {
    try {
      await this.modify({ Operation: "ConsoleSize", ConsoleSize: { Height: rows, Width: columns } });
      return true;
    } catch (error) {
      if (isInvalidState(error)) return false;
      throw error;
    }
  }

  /** Ends the input of the process, so that it reads to the end of what was written. */
  async closeStdin(): Promise<void> {
    const { stdin } = this.streams;
    await new Promise<void>((resolve) => {
      if (stdin === undefined || stdin.destroyed) return resolve();
      stdin.once("close", resolve);
      stdin.end();
    });
    try {
      await this.modify({ Operation: "CloseHandle", CloseHandle: { Handle: "StdIn" } });
    } catch (error) {
      // The local end is closed, so the process has read all that it will.
      if (!isAlreadyStopped(error)) throw error;
    }
  }

  /** Changes the process with a document of the service. @throws {ComputeError} */
  async modify(settings: object): Promise<void> {
    const { HcsModifyProcess } = this.#context.bindings.vmcompute;
    const text = stringifyJson(settings);
    await this.#call("modify", (handle) => HcsModifyProcess(handle, text));
  }

  /** @throws {ComputeError} */
  async properties(): Promise<ProcessProperties> {
    const { HcsGetProcessProperties } = this.#context.bindings.vmcompute;
    const [text] = await this.#call("query", (handle) => HcsGetProcessProperties(handle));
    const { ProcessId, Exited, ExitCode, LastWaitResult } = readDocument(
      this.#subject("query"),
      text,
    ) as Partial<ProcessProperties>;
    return {
      ProcessId: ProcessId ?? this.pid,
      Exited: Exited ?? false,
      ExitCode: (ExitCode ?? 0) >>> 0,
      LastWaitResult: LastWaitResult ?? 0,
    };
  }

  /** Lets go of the process without ending it. Who waits for it gets an error; its streams are closed. */
  async close(): Promise<void> {
    clearTimeout(this.#exitTimer);
    closeStreams(this.streams);
    this.#exit.reject(alreadyClosed(this.#subject("wait for")));
    await this.#object.close();
  }

  #subject(operation: string): Subject {
    return { operation, systemId: this.#systemId, pid: this.pid };
  }

  #hear({ type }: HcsNotification): void {
    if (type === NotificationType.ProcessExited) void this.#learnExit();
    else if (type === NotificationType.ServiceDisconnect)
      this.#exit.reject(computeFailure(this.#subject("wait for"), HcsResult.SERVICE_DISCONNECT));
  }

  async #askForExit(): Promise<void> {
    try {
      if ((await this.properties()).Exited) await this.#learnExit();
    } catch (error) {
      if (isDisconnected(error)) this.#exit.reject(error);
      else if (isNotExist(error) || isAlreadyStopped(error)) this.#exit.resolve(UNKNOWN_EXIT_CODE);
    }
  }

  async #learnExit(): Promise<void> {
    try {
      const { ExitCode, LastWaitResult } = await this.properties();
      this.#exit.resolve(LastWaitResult === 0 ? ExitCode : UNKNOWN_EXIT_CODE);
    } catch {
      // It has ended, that is sure; of its exit code nothing is known.
      this.#exit.resolve(UNKNOWN_EXIT_CODE);
    }
  }

  async #deliver(
    operation: string,
    call: (handle: bigint) => Promise<CallResult<[string | null]>>,
  ): Promise<void> {
    try {
      await this.#call(operation, call);
    } catch (error) {
      if (!isAlreadyStopped(error) && !isNotExist(error) && !isInvalidState(error)) throw error;
      this.#awaitLostExit();
      const hresult = HcsResult.PROCESS_ALREADY_STOPPED;
      throw new ComputeError({ ...this.#subject(operation), hresult, cause: error });
    }
  }

  /** The service sometimes never tells that a process has ended which it does not find any more. */
  #awaitLostExit(): void {
    this.#exitTimer ??= setTimeout(() => void this.#giveUp(), this.#context.timeouts.lostExit);
  }

  /** Ends the waits for a process that takes no signal. What it ends with is known only if it has ended. */
  async #giveUp(): Promise<void> {
    const hasExited = await this.properties().then(
      ({ Exited }) => Exited,
      () => false,
    );
    if (hasExited) await this.#learnExit();
    else this.#exit.resolve(UNKNOWN_EXIT_CODE);
  }

  async #call<Out extends unknown[]>(
    operation: string,
    call: (handle: bigint) => Promise<CallResult<Out>>,
  ): Promise<Out> {
    const subject = this.#subject(operation);
    const timeout = this.#context.timeouts.call;
    const { out } = await answerOf({ subject, timeout, call: this.#object.use(subject, call) });
    return out;
  }
}
