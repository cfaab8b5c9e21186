import { randomUUID } from "node:crypto";
import { win32 } from "node:path";
import type { KeyStore } from "../../key-store.ts";
import { closing } from "../../../base/closing.ts";
import { HcsResult, isNotExist } from "../../results.ts";
import type {
  NewOwner,
  OwnedVm,
  OwnerClient,
  OwnerOperation,
  OwnerRequest,
  VmOwners,
} from "../../vm-owners.ts";
import { eventually } from "../eventually.ts";
import { computeFailure } from "../result-document.ts";
import { ownGuid } from "../system-properties.ts";
import { askOwner } from "./ask-owner.ts";
import { terminateSystem } from "./end-system.ts";
import { launchShim } from "./launch-shim.ts";
import { serveRequests, vmPipe } from "./request-pipe.ts";
import type { ShimContext } from "./shim-context.ts";
import { readData, tellResult } from "./shim-side.ts";
import { failureText } from "./told-failure.ts";

/** Milliseconds in which an owner has to end by itself once its VM has. */
const GRACE_MS = 10_000;

/** Owners of VMs that are asked over named pipes. */
export class PipeOwners implements VmOwners {
  readonly #context: ShimContext;
  readonly #keys: KeyStore;

  /** @param keys has the locks that tell which owner lives */
  constructor(context: ShimContext, keys: KeyStore) {
    this.#context = context;
    this.#keys = keys;
  }

  newPipe(): string {
    return vmPipe(randomUUID());
  }

  async launch({ id, pipe, options, log }: NewOwner): Promise<void> {
    const { program, timeouts } = this.#context;
    await launchShim(program, {
      words: ["vmshim", pipe],
      data: options,
      inheritsStreams: false,
      detached: true,
      log,
      subject: { operation: "create", systemId: id },
      timeout: timeouts.systemCreate + timeouts.systemStart,
    });
  }

  async ask(vm: OwnedVm, id: string, operation: OwnerOperation): Promise<void> {
    await askOwner({ vm, id, operation, timeouts: this.#context.timeouts }, async () => undefined);
  }

  async end(vm: OwnedVm, runtimeId: string | undefined): Promise<void> {
    // A VM ends with its owner. One that is there without is another's, such as that of a container of the same id in
    // another state root.
    if (this.#isOwned(vm.pipe)) await this.#terminate(vm.id);
    if (runtimeId !== undefined) await this.#waitForEnd(vm.id, runtimeId);
    await eventually(() => !this.#isOwned(vm.pipe), GRACE_MS);
  }

  readOptions(): string {
    return readData();
  }

  async claim(pipe: string): Promise<{ release(): void }> {
    const lock = this.#keys.tryLock(lockName(pipe));
    if (lock === undefined) throw new Error(`unreachable: the VM of "${pipe}" has another owner`);
    return lock;
  }

  tell(failure?: unknown): boolean {
    return tellResult(failure === undefined ? undefined : failureText(failure));
  }

  async serve(
    pipe: string,
    answer: (request: OwnerRequest, client: OwnerClient) => Promise<void>,
  ): Promise<{ close(): void }> {
    return serveRequests(pipe, async (request, isGone) => {
      try {
        await answer(request, { isGone });
        return undefined;
      } catch (error) {
        return failureText(error);
      }
    });
  }

  async #terminate(id: string): Promise<void> {
    try {
      const system = await this.#context.hcs.openSystem(id);
      await closing(system, () => terminateSystem(system));
    } catch (error) {
      if (!isNotExist(error)) throw error;
    }
  }

  /** The service may still be at ending the VM of an owner that was killed. */
  async #waitForEnd(id: string, runtimeId: string): Promise<void> {
    const { hcs, timeouts } = this.#context;
    const isGone = async (): Promise<boolean> => ownGuid((await hcs.findSystem(id))?.RuntimeId) !== runtimeId;
    if (await eventually(isGone, timeouts.systemEnd)) return;
    throw computeFailure({ operation: "wait for the end of", systemId: id }, HcsResult.OPERATION_TIMEOUT);
  }

  #isOwned(pipe: string): boolean {
    return this.#keys.isLocked(lockName(pipe));
  }
}

function lockName(pipe: string): string {
  return `@${win32.basename(pipe)}`;
}
