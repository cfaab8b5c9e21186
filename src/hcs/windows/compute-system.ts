import { cleanUpAfter } from "../../base/errors.ts";
import { stringifyJson } from "../../base/lossless-json.ts";
import type { ComputeSystem } from "../compute-service.ts";
import type { ProcessOutcome, ProcessRun } from "../process-run.ts";
import { HcsResult, isAlreadyStopped, isDisconnected, isInvalidState, isNotExist } from "../results.ts";
import { askMeanwhile } from "./ask-meanwhile.ts";
import type { CallResult } from "./bindings/signature.ts";
import { answerOf, readDocument, type Answer } from "./compute-call.ts";
import { HcsProcess } from "./compute-process.ts";
import { withDeadline } from "./deadline.ts";
import { deferred } from "./deferred.ts";
import type { HostContext } from "./host-context.ts";
import { NotificationType, type HcsNotification, type NotificationNumber } from "./notification-types.ts";
import { alreadyClosed } from "./open-handle.ts";
import { discardPipes } from "./process-streams.ts";
import { computeFailure, type Subject } from "./result-document.ts";
import { runProcess } from "./run-process.ts";
import { ownGuid, type HcsProperties, type Statistics } from "./system-properties.ts";
import type { Timeouts } from "./timeouts.ts";
import { WatchedObject } from "./watched-object.ts";

type SystemCall = (handle: bigint, options: string | null) => Promise<CallResult<[string | null]>>;

/** An operation that the service may complete later. */
interface Operation {
  name: string;
  call: SystemCall;
  completion: NotificationNumber;
  timeout: keyof Timeouts;
}

/** What the seam and the service have in common; the rest speaks of attachments and properties of Linux. */
type CommonOperations = Pick<
  ComputeSystem,
  "id" | "start" | "pause" | "resume" | "save" | "modify" | "terminate" | "createProcess" | "openProcess"
>;

/** A container or utility VM, on a Windows host. */
export class HcsSystem implements CommonOperations {
  readonly id: string;
  /** `Container` or `VirtualMachine`. */
  systemType = "";
  /** `Windows` or `Linux`. */
  runtimeOsType = "";
  /** Program that made it, as its document says; undefined if the service does not tell. */
  owner: string | undefined;
  /** GUID that the service has given to it alone; "" if it tells none. */
  runtimeId = "";
  /** How long the guest of a VM is waited for. */
  readonly waits: Timeouts;
  readonly #context: HostContext;
  readonly #object: WatchedObject;
  readonly #exit = deferred<void>();
  #exitTimer: NodeJS.Timeout | undefined;

  private constructor(context: HostContext, id: string, handle: bigint) {
    this.waits = context.timeouts;
    this.#context = context;
    this.id = id;
    const close = context.bindings.vmcompute.HcsCloseComputeSystem;
    this.#object = new WatchedObject(context, this.#subject("wait for"), { name: "System", close }, handle);
  }

  /**
   * Takes over a handle and begins to listen.
   *
   * @param isPending whether the service goes on with the creation, which is then waited for
   * @throws {ComputeError} after it has ended a system that is being created, and closed the handle
   */
  static async adopt(
    context: HostContext,
    id: string,
    handle: bigint,
    isPending?: boolean,
  ): Promise<HcsSystem> {
    const system = new HcsSystem(context, id, handle);
    try {
      const created = system.#object.line.expect(NotificationType.SystemCreateCompleted);
      await system.#object.watch((notification) => system.#hear(notification));
      if (isPending === true)
        await system.#complete("create", created.arrival, context.timeouts.systemCreate);
      created.cancel();
      await system.#learn();
      return system;
    } catch (error) {
      throw await cleanUpAfter(error, async () => {
        if (isPending !== undefined) await system.terminate();
        await system.close();
      });
    }
  }

  /** @throws {ComputeError} */
  start(): Promise<void> {
    const { HcsStartComputeSystem: call } = this.#context.bindings.vmcompute;
    const completion = NotificationType.SystemStartCompleted;
    return this.#operate({ name: "start", call, completion, timeout: "systemStart" });
  }

  /** @throws {ComputeError} */
  pause(options?: object): Promise<void> {
    const { HcsPauseComputeSystem: call } = this.#context.bindings.vmcompute;
    const completion = NotificationType.SystemPauseCompleted;
    return this.#operate({ name: "pause", call, completion, timeout: "systemPause" }, options);
  }

  /** @throws {ComputeError} */
  resume(): Promise<void> {
    const { HcsResumeComputeSystem: call } = this.#context.bindings.vmcompute;
    const completion = NotificationType.SystemResumeCompleted;
    return this.#operate({ name: "resume", call, completion, timeout: "systemResume" });
  }

  /** Saves a paused system, as `{SaveType, SaveStateFilePath}` says. @throws {ComputeError} */
  save(options: object): Promise<void> {
    const { HcsSaveComputeSystem: call } = this.#context.bindings.vmcompute;
    const completion = NotificationType.SystemSaveCompleted;
    return this.#operate({ name: "save", call, completion, timeout: "systemSave" }, options);
  }

  /** Asks the system to shut down. It has done so when `wait` returns. @throws {ComputeError} */
  shutdown(): Promise<void> {
    return this.#stop("shut down", this.#context.bindings.vmcompute.HcsShutdownComputeSystem);
  }

  /** Ends the system without asking it. It has ended when `wait` returns. @throws {ComputeError} */
  terminate(): Promise<void> {
    return this.#stop("terminate", this.#context.bindings.vmcompute.HcsTerminateComputeSystem);
  }

  /**
   * Waits until the system has exited.
   *
   * @param timeout in milliseconds; for ever if absent
   * @throws {ComputeError} isTimeout; the result with which it exited, if that is a failure;
   *   HCS_E_SERVICE_DISCONNECT when the service has ended
   */
  async wait(timeout?: number): Promise<void> {
    const exit = this.#exit.promise;
    const wait =
      timeout === undefined ? exit : withDeadline(exit, { ms: timeout, subject: this.#subject("wait for") });
    return askMeanwhile(wait, this.#context.timeouts.exitCheck, () => this.#askForExit());
  }

  /** Changes the running system, such as to add a device. @throws {ComputeError} */
  async modify(request: object): Promise<void> {
    const { HcsModifyComputeSystem } = this.#context.bindings.vmcompute;
    const text = stringifyJson(request);
    await this.#call("modify", (handle) => HcsModifyComputeSystem(handle, text));
  }

  /** Asks for properties by name; the basic ones always come. @throws {ComputeError} */
  async properties(types: readonly string[] = []): Promise<HcsProperties> {
    const { HcsGetComputeSystemProperties } = this.#context.bindings.vmcompute;
    const query = types.length === 0 ? "" : stringifyJson({ PropertyTypes: types });
    const { out } = await this.#call("query", (handle) => HcsGetComputeSystemProperties(handle, query));
    return readDocument(this.#subject("query"), out[0]) as HcsProperties;
  }

  /** @throws {ComputeError} ERROR_INVALID_DATA if the service gives none */
  async statistics(): Promise<Statistics> {
    const { Statistics: found } = await this.properties(["Statistics"]);
    if (found !== undefined) return found;
    throw computeFailure(this.#subject("query"), HcsResult.INVALID_DATA);
  }

  /** Tells whether updates wait to be installed. @throws {ComputeError} */
  async hasPendingUpdates(): Promise<boolean> {
    return (await this.properties()).AreUpdatesPending ?? false;
  }

  /** Creates a process from a document of the service. @throws {ComputeError} */
  async createProcess(parameters: object): Promise<HcsProcess> {
    const { vmcompute, openDescriptor } = this.#context.bindings;
    const subject = this.#subject("create process in");
    const text = stringifyJson(parameters);
    const { out } = await answerOf({
      subject,
      timeout: this.#context.timeouts.call,
      call: this.#object.use(subject, (handle) => vmcompute.HcsCreateProcess(handle, text)),
      late: ([information, handle]) => {
        if (handle === null) return;
        discardPipes(information, openDescriptor);
        void vmcompute.HcsTerminateProcess(handle).then(() => vmcompute.HcsCloseProcess(handle));
      },
    });
    const [information, handle] = out;
    const identity = { systemId: this.id, pid: information.ProcessId };
    return HcsProcess.adopt(this.#context, identity, handle ?? 0n, information);
  }

  /** Runs a process to its end. @throws {ComputeError | StreamError} as the function `runProcess` does */
  runProcess(run: ProcessRun): Promise<ProcessOutcome> {
    return runProcess(this, run);
  }

  /** Opens a process by its pid, without its streams. @throws {ComputeError} isNotExist */
  async openProcess(pid: number): Promise<HcsProcess> {
    const { vmcompute } = this.#context.bindings;
    const subject = { ...this.#subject("open"), pid };
    const { out } = await answerOf({
      subject,
      timeout: this.#context.timeouts.call,
      call: this.#object.use(subject, (handle) => vmcompute.HcsOpenProcess(handle, pid)),
      late: ([handle]) => handle !== null && void vmcompute.HcsCloseProcess(handle),
    });
    return HcsProcess.adopt(this.#context, { systemId: this.id, pid }, out[0] ?? 0n);
  }

  /** Yields notifications until the system is closed, the service ends or `abort` fires. */
  notifications(abort: AbortSignal): AsyncIterable<HcsNotification> {
    return this.#object.line.read(abort);
  }

  /** Lets go of the system without ending it. Who waits for something of it gets an error. */
  async close(): Promise<void> {
    clearTimeout(this.#exitTimer);
    this.#exit.reject(alreadyClosed(this.#subject("wait for")));
    await this.#object.close();
  }

  #subject(operation: string): Subject {
    return { operation, systemId: this.id };
  }

  #hear({ type, status, data }: HcsNotification): void {
    if (type === NotificationType.ServiceDisconnect)
      this.#exit.reject(computeFailure(this.#subject("wait for"), HcsResult.SERVICE_DISCONNECT));
    if (type !== NotificationType.SystemExited) return;
    const failure =
      status < 0x8000_0000 ? undefined : computeFailure(this.#subject("wait for"), status, data);
    if (failure === undefined || isAlreadyStopped(failure)) this.#exit.resolve();
    else this.#exit.reject(failure);
  }

  async #askForExit(): Promise<void> {
    try {
      if ((await this.properties()).Stopped === true) this.#exit.resolve();
    } catch (error) {
      if (isDisconnected(error)) this.#exit.reject(error);
      else if (isNotExist(error) || isAlreadyStopped(error) || isInvalidState(error)) this.#exit.resolve();
    }
  }

  /** What the system is does not change, so it is asked for once. Older builds leave it empty. */
  async #learn(): Promise<void> {
    const { SystemType, RuntimeOsType, Owner, RuntimeId } = await this.properties();
    this.systemType = SystemType || "Container";
    this.runtimeOsType = RuntimeOsType || "Windows";
    this.owner = Owner;
    this.runtimeId = ownGuid(RuntimeId);
  }

  async #operate({ name, call, completion, timeout }: Operation, options?: object): Promise<void> {
    const wait = this.#object.line.expect(completion);
    try {
      const text = options === undefined ? "" : stringifyJson(options);
      const { isPending } = await this.#call(name, (handle) => call(handle, text), true);
      if (isPending) await this.#complete(name, wait.arrival, this.#context.timeouts[timeout]);
    } finally {
      wait.cancel();
    }
  }

  /** Waits for the completion of what is pending, or for what makes it impossible. */
  async #complete(operation: string, arrival: Promise<HcsNotification>, ms: number): Promise<void> {
    const subject = this.#subject(operation);
    const exited = this.#exit.promise.then(() =>
      Promise.reject(computeFailure(subject, HcsResult.UNEXPECTED_EXIT)),
    );
    exited.catch(() => undefined);
    const { status, data } = await withDeadline(Promise.race([arrival, exited]), { ms, subject });
    if (status >= 0x8000_0000) throw computeFailure(subject, status, data);
  }

  async #stop(operation: string, call: SystemCall): Promise<void> {
    try {
      await this.#call(operation, (handle) => call(handle, ""), true);
    } catch (error) {
      if (!isAlreadyStopped(error) && !isNotExist(error)) throw error;
      // The service sometimes never tells that a system has exited.
      this.#exitTimer ??= setTimeout(() => this.#exit.resolve(), this.#context.timeouts.lostExit);
    }
  }

  #call<Out extends unknown[]>(
    operation: string,
    call: (handle: bigint) => Promise<CallResult<Out>>,
    mayPend = false,
  ): Promise<Answer<Out>> {
    const subject = this.#subject(operation);
    const timeout = this.#context.timeouts.call;
    return answerOf({ subject, timeout, call: this.#object.use(subject, call), mayPend });
  }
}
