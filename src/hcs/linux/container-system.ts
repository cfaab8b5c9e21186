/**
 * A Linux container as a compute system, executed by an OCI executor.
 *
 * What only a few commands need is imported where it is used, because every import costs start-up time.
 */
import { callName } from "../../base/call-name.ts";
import { stringifyJson } from "../../base/lossless-json.ts";
import type {
  Attachment,
  ComputeProcess,
  ComputeSystem,
  ModifyRequest,
  Notification,
  ProcessParameters,
  PropertyType,
  SaveOptions,
  SignalProcessOptions,
  SystemProperties,
} from "../compute-service.ts";
import { ComputeError, HcsResult } from "../results.ts";
import { containerProcess, signalProcess, stopped } from "./container-process.ts";
import {
  containerProperties,
  creatingExecutor,
  executorRecord,
  initProcess,
} from "./container-properties.ts";
import { callExecutor } from "./executor-call.ts";
import { isAlive } from "./executor-record.ts";
import { flagWords } from "./executor-words.ts";
import { removeHalfMade } from "./half-made.ts";
import type { SystemContext } from "./system-context.ts";

const SIGKILL = 9;

/** How often, and how many times, the end of a killed process or of a busy executor is looked for. */
const POLL_MS = 10;
const POLLS = 1000;

/** A container that exists, at least in part. */
export class ContainerSystem implements ComputeSystem {
  readonly #context: SystemContext;

  constructor(context: SystemContext) {
    this.#context = context;
  }

  get id(): string {
    return this.#context.id;
  }

  async start(): Promise<void> {
    await callExecutor(this.#context, { words: ["start"] });
  }

  async pause(): Promise<void> {
    await callExecutor(this.#context, { words: ["pause"] });
  }

  async resume(): Promise<void> {
    await callExecutor(this.#context, { words: ["resume"] });
  }

  /** Changes resource limits; the settings go to the executor digit for digit. */
  async modify(request: ModifyRequest): Promise<void> {
    const { machine, folder } = this.#context;
    const file = `${folder.path}/resources.${callName()}.json`;
    await machine.writeText(file, stringifyJson(request.Settings));
    try {
      await callExecutor(this.#context, { words: ["update", "--resources", file] });
      const init = await initProcess(this.#context);
      const { updateCpuBurst } = await import("./cpu-burst.ts");
      if (init !== undefined) await updateCpuBurst(this.#context, init.pid, request.Settings);
    } finally {
      await machine.remove(file);
    }
  }

  async properties(types: readonly PropertyType[] = []): Promise<SystemProperties> {
    return containerProperties(this.#context, types);
  }

  async createProcess(parameters: ProcessParameters, attachment: Attachment): Promise<ComputeProcess> {
    const { execInContainer } = await import("./container-exec.ts");
    return execInContainer(this.#context, parameters, attachment);
  }

  async openProcess(pid: number): Promise<ComputeProcess> {
    const { ProcessList = [] } = await containerProperties(this.#context, ["ProcessList"]);
    if (ProcessList.includes(pid)) return containerProcess(this.#context, pid, () => this.#waitForEnd(pid));
    const message = `Cannot open process ${pid} of container "${this.id}": no such process`;
    const operation = "open a process of";
    throw new ComputeError({
      operation,
      systemId: this.id,
      pid,
      hresult: HcsResult.ELEMENT_NOT_FOUND,
      message,
    });
  }

  async openInitProcess(): Promise<ComputeProcess> {
    const init = await initProcess(this.#context);
    if (init === undefined) throw stopped(this.id, "signal", HcsResult.SYSTEM_ALREADY_STOPPED);
    const process = containerProcess(this.#context, init.pid, () => this.#waitForEnd(init.pid));
    return { ...process, signal: (options) => this.#signalInit(options) };
  }

  async signalAll({ Signal }: SignalProcessOptions): Promise<void> {
    await callExecutor(this.#context, { words: ["kill", "--all"], operands: [String(Signal)] });
  }

  async *notifications(abort: AbortSignal): AsyncGenerator<Notification> {
    const { containerNotifications } = await import("./container-notifications.ts");
    yield* containerNotifications(this.#context, abort);
  }

  async save({ ImagePath, Flags }: SaveOptions): Promise<void> {
    const { requireCheckpoint } = await import("./executor-abilities.ts");
    await requireCheckpoint(this.#context.machine, this.#context.record.executor);
    const words = ["checkpoint", "--image-path", ImagePath, ...flagWords(Flags)];
    await callExecutor(this.#context, { words, ownStreams: true });
  }

  /** Kills and removes the container; what its executor does not know (any more) is removed all the same. */
  async terminate(): Promise<void> {
    await this.#endCreation();
    if ((await executorRecord(this.#context)) === undefined) await removeHalfMade(this.#context);
    else await this.#deleteInExecutor();
    await this.forget();
  }

  /** Removes what the service keeps of a container that its executor has removed. */
  async forget(): Promise<void> {
    const { machine, options, folder, id, record } = this.#context;
    // A system without a whole record may hold layers too.
    if (record.scratch !== undefined || record.maker === "") {
      const { releaseLayers } = await import("./layers/system-layers.ts");
      await releaseLayers({ machine, root: options.root }, id, record.scratch);
    }
    await machine.remove(folder.path);
  }

  async #deleteInExecutor(): Promise<void> {
    // The executor's log is written there, and the folder may be gone while the executor still knows the system.
    await this.#context.machine.makeFolder(this.#context.folder.path);
    try {
      await callExecutor(this.#context, { words: ["delete", "--force"] });
    } catch (error) {
      // Another call, or the executor that follows the container, may have removed it at the same time.
      if ((await executorRecord(this.#context)) !== undefined) throw error;
      await removeHalfMade(this.#context);
    }
  }

  /** Lets an executor finish whose caller was killed, since what it makes half-way is hard to find; one that hangs is ended. */
  async #endCreation(): Promise<void> {
    await until(async () => (await creatingExecutor(this.#context)) === undefined, POLLS);
    const hanging = await creatingExecutor(this.#context);
    if (hanging !== undefined) await this.#context.machine.signal(hanging, SIGKILL);
  }

  /**
   * Signals the init process. The end of an init that has no pid namespace of its own ends nothing else, so
   * SIGKILL then goes to all; and a frozen process dies only when it is thawed.
   */
  async #signalInit(options: SignalProcessOptions): Promise<void> {
    const init = await initProcess(this.#context);
    if (init === undefined) throw stopped(this.id, "signal", HcsResult.SYSTEM_ALREADY_STOPPED);
    if (options.Signal !== SIGKILL) return signalProcess(this.#context, init.pid, options.Signal);
    const { State } = await containerProperties(this.#context, []);
    if (this.#context.record.sharesPids) await this.signalAll(options);
    else await signalProcess(this.#context, init.pid, SIGKILL);
    if (State === "Paused") await this.#thaw();
  }

  /** On cgroup v2 a frozen process dies at once, and there is nothing left to resume. */
  async #thaw(): Promise<void> {
    try {
      await this.resume();
    } catch (error) {
      if ((await initProcess(this.#context)) !== undefined) throw error;
    }
  }

  /** The process is no child of ours, so its exit code stays unknown. */
  async #waitForEnd(pid: number): Promise<number> {
    const { machine } = this.#context;
    const startTime = (await machine.lookAtProcess(pid))?.startTime ?? "";
    await until(async () => !(await isAlive(machine, { pid, startTime })), Number.POSITIVE_INFINITY);
    return 0;
  }
}

async function until(done: () => Promise<boolean>, polls: number): Promise<void> {
  for (let poll = 0; !(await done()) && poll < polls; poll++)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
