import { randomUUID } from "node:crypto";
import { closing } from "../../../base/closing.ts";
import { cleanUpAfter } from "../../../base/errors.ts";
import type { OciFeatures } from "../../../schema/oci.ts";
import type {
  ComputeService,
  ComputeSystem,
  Diagnosis,
  InitAttachment,
  Leftover,
  ListedSystem,
  SaveOptions,
  WindowsContainerDocument,
} from "../../compute-service.ts";
import { ComputeError, HcsResult } from "../../results.ts";
import type { HcsSystem } from "../compute-system.ts";
import { diagnoseWindows } from "../diagnose.ts";
import { askOwner } from "./ask-owner.ts";
import { ignoreConsoleEvents, sendConsoleEvents, type OnConsoleEvent } from "./console-events.ts";
import { terminateSystem } from "./end-system.ts";
import { launchShim, lostExitCode, writePidFile, type LaunchedShim } from "./launch-shim.ts";
import type { ShimContext } from "./shim-context.ts";
import { findLeftovers } from "./shim-leftovers.ts";
import { ShimSystem } from "./shim-system.ts";

/** Makes and finds containers of a Windows host, each of whose processes is served by a shim. */
export class ShimService implements ComputeService {
  readonly #context: ShimContext;

  constructor(context: ShimContext) {
    this.#context = context;
  }

  async createSystem(
    id: string,
    document: WindowsContainerDocument,
    attachment: InitAttachment,
  ): Promise<ComputeSystem> {
    await this.#create(id, document, attachment);
    return new ShimSystem(this.#context, id);
  }

  async runSystem(
    id: string,
    document: WindowsContainerDocument,
    attachment: InitAttachment,
  ): Promise<number> {
    const shim = await this.#create(id, document, attachment);
    const system = new ShimSystem(this.#context, id);
    try {
      await system.start();
      await attachment.onStarted?.(shim.pid);
    } catch (error) {
      throw await cleanUpAfter(error, () => system.terminate());
    }
    if (attachment.detached) return 0;
    attachment.onFollow?.();
    const hasTerminal = document.InitProcess.terminal === true;
    const send = sendConsoleEvents(document.GuestOs, () => system.openInitProcess());
    return this.#follow(id, shim, hasTerminal ? ignoreConsoleEvents : send);
  }

  /** Waits for the end of a container and removes it, unless another call has done so and perhaps made a new one. */
  async #follow(id: string, shim: LaunchedShim, onEvent: OnConsoleEvent): Promise<number> {
    const { records } = this.#context;
    const own = records.find(id)?.UniqueId;
    const code = await shim.wait(onEvent);
    if (own === undefined || records.find(id)?.UniqueId !== own) return code;
    const hasFailed = records.shim(id) === shim.pid;
    await new ShimSystem(this.#context, id).terminate();
    if (hasFailed) throw lostExitCode(`container "${id}"`);
    return code;
  }

  async restoreSystem(
    id: string,
    _document: WindowsContainerDocument,
    _attachment: InitAttachment,
    _saved: SaveOptions,
  ): Promise<number> {
    const message = `Cannot restore container "${id}": containers on Windows cannot be saved`;
    throw new ComputeError({ operation: "restore", systemId: id, hresult: HcsResult.NOT_SUPPORTED, message });
  }

  /** A container that has stopped is known until it is terminated, though the service of Windows forgets it at once. */
  async openSystem(id: string): Promise<ComputeSystem> {
    if (this.#context.records.has(id)) return new ShimSystem(this.#context, id);
    throw new ComputeError({ operation: "open", systemId: id, hresult: HcsResult.SYSTEM_NOT_FOUND });
  }

  async enumerateSystems(): Promise<string[]> {
    return this.#context.records.list();
  }

  async enumerateHost(): Promise<ListedSystem[]> {
    const found = await this.#context.hcs.enumerateSystems();
    return found
      .map(({ Id, Owner = "", State = "", SystemType = "" }) => ({ Id, Owner, State, SystemType }))
      .toSorted((a, b) => (a.Id < b.Id ? -1 : 1));
  }

  findLeftovers(): Promise<Leftover[]> {
    return findLeftovers(this.#context);
  }

  async features(): Promise<OciFeatures> {
    const hooks = ["prestart", "createRuntime", "poststart", "poststop"];
    return { ociVersionMin: "1.0.0", ociVersionMax: "1.3.0", hooks, mountOptions: ["ro", "rw"] };
  }

  diagnose(): Promise<Diagnosis[]> {
    return diagnoseWindows(this.#context);
  }

  /** Makes the system and its shim; if that fails, neither is left. */
  async #create(
    id: string,
    document: WindowsContainerDocument,
    attachment: InitAttachment,
  ): Promise<LaunchedShim> {
    const { records } = this.#context;
    const { GuestOs, InitProcess, Owner } = document;
    // What is remembered of another system must not be replaced, though the service would refuse this one.
    if (records.has(id))
      throw new ComputeError({ operation: "create", systemId: id, hresult: HcsResult.SYSTEM_ALREADY_EXISTS });
    records.add(id, { UniqueId: randomUUID(), Owner, GuestOs, InitProcess });
    let system: HcsSystem;
    try {
      system = await this.#make(id, document);
    } catch (error) {
      throw await cleanUpAfter(error, () => records.remove(id));
    }
    // Its document says that the last handle ends the system, so that it does not outlive its shim.
    return closing(system, async () => {
      try {
        records.setRuntimeId(id, system.runtimeId);
        const shim = await this.#launch(id, document, attachment);
        await attachment.onCreated?.(shim.pid);
        return shim;
      } catch (error) {
        throw await cleanUpAfter(error, () => this.#giveUp(id, system));
      }
    });
  }

  /** Ends a new system by the handle of whoever made it: nothing may be noted yet by which it could be found. */
  async #giveUp(id: string, system: HcsSystem): Promise<void> {
    await terminateSystem(system);
    await new ShimSystem(this.#context, id).terminate();
  }

  async #make(id: string, { System, Vm: vm }: WindowsContainerDocument): Promise<HcsSystem> {
    const { hcs, timeouts } = this.#context;
    if (System !== undefined) return hcs.createSystem(id, System);
    if (vm === undefined) throw new Error(`unreachable: container "${id}" has neither a document nor a VM`);
    // The owner keeps the new system only until this process has a handle of its own.
    return askOwner({ vm, id, operation: "create", timeouts }, () => hcs.openSystem(id));
  }

  async #launch(
    id: string,
    { InitProcess }: WindowsContainerDocument,
    attachment: InitAttachment,
  ): Promise<LaunchedShim> {
    const { program, timeouts } = this.#context;
    const shim = await launchShim(program, {
      words: ["shim", "--stdin", "4", "--stdout", "5", "--stderr", "6", id],
      data: "",
      inheritsStreams: true,
      detached: attachment.detached || InitProcess.terminal !== true,
      log: attachment.shimLog,
      subject: { operation: "create", systemId: id },
      timeout: timeouts.systemCreate,
    });
    writePidFile(attachment.pidFile, shim.pid);
    return shim;
  }
}
