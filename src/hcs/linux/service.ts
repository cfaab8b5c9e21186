/**
 * The embedded compute service: executes HCS documents on Linux with an OCI executor.
 *
 * It is not a daemon. Its memory is the state folder; every call opens, acts and leaves nothing resident.
 */
import { posix } from "node:path";
import { callName } from "../../base/call-name.ts";
import { cleanUpAfter } from "../../base/errors.ts";
import type { OciConfig, OciFeatures } from "../../schema/oci.ts";
import type {
  ComputeService,
  ComputeSystem,
  ContainerStorage,
  Diagnosis,
  InitAttachment,
  Leftover,
  LinuxContainerDocument,
  ListedSystem,
  SaveOptions,
} from "../compute-service.ts";
import { ComputeError, HcsResult } from "../results.ts";
import { executorRecord } from "./container-properties.ts";
import { ContainerSystem } from "./container-system.ts";
import { startExecutor } from "./executor-call.ts";
import { chooseExecutor, EXECUTOR_NAMES, executorFor, findExecutor, type Executor } from "./executor.ts";
import { flagWords, initWords } from "./executor-words.ts";
import { withListenFds } from "./listen-fds.ts";
import type { Machine } from "./machine.ts";
import { readPid, requirePidFile, watchPid, writePidFile } from "./pid-file.ts";
import { checkProgram, fileUser } from "./program-check.ts";
import { requireLabel } from "./selinux-label.ts";
import { executableSpecification } from "./specification.ts";
import {
  executorRoot,
  readSystemRecord,
  systemFolder,
  systemsRoot,
  type ServiceOptions,
  type SystemContext,
  type SystemRecord,
} from "./system-context.ts";
import { claimSystem, writeSystem } from "./write-system.ts";

/** Options of the service, with the executor asked for; undefined lets the host decide. */
export interface LinuxServiceOptions extends ServiceOptions {
  executor: string | undefined;
}

/** How a system is made, in the executor's words. */
interface Making {
  words: readonly string[];
  attachment: InitAttachment;
  /** Whether the call waits for the init process and gives its exit code. */
  relaysExitCode: boolean;
}

/** Opens the service on a machine; nothing is read or made before the first call. */
export class LinuxComputeService implements ComputeService {
  readonly #machine: Machine;
  readonly #options: LinuxServiceOptions;

  constructor(machine: Machine, options: LinuxServiceOptions) {
    this.#machine = machine;
    this.#options = options;
  }

  async createSystem(
    id: string,
    document: LinuxContainerDocument,
    attachment: InitAttachment,
  ): Promise<ComputeSystem> {
    const request = withListenFds({ document, attachment }, process.env, process.pid);
    const context = await this.#newSystem(id, request.document);
    await this.#make(context, { words: ["create"], attachment: request.attachment, relaysExitCode: false });
    return new ContainerSystem(context);
  }

  async runSystem(id: string, document: LinuxContainerDocument, attachment: InitAttachment): Promise<number> {
    const request = withListenFds({ document, attachment }, process.env, process.pid);
    return this.#run(await this.#newSystem(id, request.document), ["run"], request.attachment);
  }

  async restoreSystem(
    id: string,
    document: LinuxContainerDocument,
    attachment: InitAttachment,
    saved: SaveOptions,
  ): Promise<number> {
    const { requireCheckpoint } = await import("./executor-abilities.ts");
    await requireCheckpoint(this.#machine, await this.#chosenExecutor());
    const words = ["restore", "--image-path", saved.ImagePath, ...flagWords(saved.Flags)];
    return this.#run(await this.#newSystem(id, document), words, attachment);
  }

  async openSystem(id: string): Promise<ComputeSystem> {
    const folder = systemFolder(this.#options.root, id);
    const record =
      (await readSystemRecord(this.#machine, folder)) ?? (await this.#abandonedRecord(id, folder.path));
    return new ContainerSystem(this.#context(id, record));
  }

  async enumerateSystems(): Promise<string[]> {
    return this.#machine.list(systemsRoot(this.#options.root));
  }

  /** Nobody else's systems can be in this service. */
  async enumerateHost(): Promise<ListedSystem[]> {
    return [];
  }

  async findLeftovers(): Promise<Leftover[]> {
    const { findLeftovers } = await import("./leftovers.ts");
    return findLeftovers({ machine: this.#machine, options: this.#options }, async (id) => {
      const folder = systemFolder(this.#options.root, id);
      const record = await readSystemRecord(this.#machine, folder);
      return this.#context(id, record ?? (await this.#unknownRecord(id, folder.path)));
    });
  }

  async features(): Promise<OciFeatures> {
    const { machineFeatures } = await import("./features.ts");
    return machineFeatures(this.#machine);
  }

  async diagnose(): Promise<Diagnosis[]> {
    const { diagnoseHost } = await import("./doctor.ts");
    return diagnoseHost(this.#machine, this.#options);
  }

  /** A folder without a whole record is what a killed caller left behind; it can still be removed. */
  async #abandonedRecord(id: string, path: string): Promise<SystemRecord> {
    if (!(await this.#machine.exists(path))) {
      const message = `container "${id}" does not exist`;
      throw new ComputeError({
        operation: "open",
        systemId: id,
        hresult: HcsResult.SYSTEM_NOT_FOUND,
        message,
      });
    }
    return this.#unknownRecord(id, path);
  }

  /** Without a whole record only the executors' own folders tell which of them knows the system. */
  async #unknownRecord(id: string, path: string): Promise<SystemRecord> {
    const executor = (await this.#makerOf(id)) ?? (await this.#chosenExecutor());
    return { executor, bundle: path, sharesPids: false, maker: "" };
  }

  async #makerOf(id: string): Promise<Executor | undefined> {
    for (const name of EXECUTOR_NAMES) {
      const folder = posix.join(executorRoot(this.#options.root, name), id);
      if (await this.#machine.exists(folder)) return findExecutor(this.#machine, name);
    }
    return undefined;
  }

  #chosenExecutor(): Promise<Executor> {
    return chooseExecutor(this.#machine, this.#options.root, this.#options.executor);
  }

  #context(id: string, record: SystemRecord): SystemContext {
    const folder = systemFolder(this.#options.root, id);
    return { machine: this.#machine, options: this.#options, id, folder, record };
  }

  /** Claims the id and writes down what will run. */
  async #newSystem(id: string, document: LinuxContainerDocument): Promise<SystemContext> {
    const { OciSpecification: specification, OciBundlePath: bundle } = document;
    const namespaces = specification.linux?.namespaces ?? [];
    const chosen = await this.#chosenExecutor();
    const hasMounts = namespaces.some((namespace) => namespace.type === "mount");
    const executor =
      this.#options.executor === undefined ? await executorFor(this.#machine, chosen, hasMounts) : chosen;
    const sharesPids = !namespaces.some(
      (namespace) => namespace.type === "pid" && namespace.path === undefined,
    );
    const scratch = document.Storage === undefined ? {} : { scratch: document.Storage.Path };
    const context = this.#context(id, { executor, bundle, sharesPids, maker: callName(), ...scratch });
    const runnable = executableSpecification(specification, bundle, executor.name);
    if (document.Storage === undefined) await checkInitProgram(context, specification);
    await claimSystem(context);
    if (document.Storage === undefined) await writeSystem(context, runnable);
    else await this.#writeLayered(context, runnable, document.Storage);
    return context;
  }

  /** Writes down first that there are layers, so that whatever a killed call has mounted is found. */
  async #writeLayered(
    context: SystemContext,
    specification: OciConfig,
    storage: ContainerStorage,
  ): Promise<void> {
    const { machine, options, id } = context;
    await writeSystem(context, specification);
    try {
      const { holdLayers } = await import("./layers/system-layers.ts");
      const path = await holdLayers({ machine, root: options.root }, id, storage);
      const mounted = { ...specification, root: { ...specification.root, path } };
      await checkInitProgram(context, mounted);
      await writeSystem(context, mounted);
    } catch (error) {
      throw await cleanUpAfter(error, () => this.#terminateOwn(context));
    }
  }

  async #run(context: SystemContext, verb: string[], attachment: InitAttachment): Promise<number> {
    const words = attachment.detached ? [...verb, "--detach"] : verb;
    const code = await this.#make(context, { words, attachment, relaysExitCode: !attachment.detached });
    if (!attachment.detached) await this.#forget(context);
    return code;
  }

  /** An executor removes the container that it has followed, unless it was killed. */
  async #forget(context: SystemContext): Promise<void> {
    if ((await executorRecord(context)) !== undefined) await this.#terminateOwn(context);
    else if (await this.#isOwn(context)) await new ContainerSystem(context).forget();
  }

  async #terminateOwn(context: SystemContext): Promise<void> {
    if (await this.#isOwn(context)) await new ContainerSystem(context).terminate();
  }

  /** While this call followed its system, another may have removed it and even made a new one of the same id. */
  async #isOwn({ machine, folder, record }: SystemContext): Promise<boolean> {
    return (await readSystemRecord(machine, folder))?.maker === record.maker;
  }

  /** Calls the executor; when that fails, whatever it made half-way is removed again. */
  async #make(context: SystemContext, { words, attachment, relaysExitCode }: Making): Promise<number> {
    const { folder, record } = context;
    const pidFile = relaysExitCode ? attachment.pidFile : undefined;
    const stopWatch = watchPid(this.#machine, folder.pidFile, pidFile);
    try {
      requirePidFile(attachment.pidFile);
      const executor = await startExecutor(context, {
        words: [...words, ...initWords(context, attachment)],
        ownStreams: true,
        preserveFds: attachment.preserveFds,
        cgroupView: record.executor.cgroupView,
        relaysExitCode,
      });
      if (relaysExitCode) attachment.onFollow?.();
      const code = await executor.finish();
      if (!relaysExitCode) writePidFile(attachment.pidFile, await readPid(this.#machine, folder.pidFile));
      return code;
    } catch (error) {
      throw await cleanUpAfter(error, () => this.#terminateOwn(context));
    } finally {
      await stopWatch();
    }
  }
}

async function checkInitProgram(
  { machine, id, record }: SystemContext,
  specification: OciConfig,
): Promise<void> {
  const { process, root, mounts = [], linux } = specification;
  if (process === undefined || root === undefined) return;
  await requireLabel(`container "${id}"`, machine, process);
  await checkProgram(`container "${id}"`, {
    machine,
    root: posix.resolve(record.bundle, root.path),
    mounts: mounts.map((mount) => mount.destination),
    user: linux?.namespaces?.some(({ type }) => type === "user") ? undefined : fileUser(process),
    args: process.args ?? [],
    env: process.env ?? [],
    cwd: process.cwd,
  });
}
