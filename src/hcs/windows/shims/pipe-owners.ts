import { randomUUID } from "node:crypto";
import { win32 } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KeyStore } from "../../key-store.ts";
import { isNotExist } from "../../results.ts";
import type {
  NewOwner,
  OwnedVm,
  OwnerClient,
  OwnerOperation,
  OwnerRequest,
  VmOwners,
} from "../../vm-owners.ts";
import { askOwner } from "./ask-owner.ts";
import { terminateSystem } from "./end-system.ts";
import { launchShim } from "./launch-shim.ts";
import { serveRequests, vmPipe } from "./request-pipe.ts";
import { withSystem, type ShimContext } from "./shim-context.ts";
import { readData, tellResult } from "./shim-side.ts";
import { failureText } from "./told-failure.ts";

const POLL_MS = 10;
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

  async launch({ id, pipe, os, options, log }: NewOwner): Promise<void> {
    const { program, timeouts } = this.#context;
    await launchShim(program, {
      words: ["vmshim", "--os", os, pipe],
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

  async end(vm: OwnedVm): Promise<void> {
    // A VM ends with its owner. One that is there without is another's, such as that of a container of the same id in
    // another state root.
    if (!this.#isOwned(vm.pipe)) return;
    try {
      await withSystem(this.#context, vm.id, terminateSystem);
    } catch (error) {
      if (!isNotExist(error)) throw error;
    }
    const deadline = Date.now() + GRACE_MS;
    while (this.#isOwned(vm.pipe) && Date.now() < deadline) await sleep(POLL_MS);
  }

  readOptions(): string {
    return readData();
  }

  async claim(pipe: string): Promise<{ release(): void }> {
    // Others hold the lock for as long as they look whether somebody does.
    const deadline = Date.now() + GRACE_MS;
    for (;;) {
      const lock = this.#keys.tryLock(lockName(pipe));
      if (lock !== undefined) return lock;
      if (Date.now() > deadline) throw new Error(`unreachable: the VM of "${pipe}" has another owner`);
      await sleep(POLL_MS);
    }
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

  #isOwned(pipe: string): boolean {
    const lock = this.#keys.tryLock(lockName(pipe));
    lock?.release();
    return lock === undefined;
  }
}

function lockName(pipe: string): string {
  return `@${win32.basename(pipe)}`;
}
