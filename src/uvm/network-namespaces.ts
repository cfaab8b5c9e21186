import { randomUUID } from "node:crypto";
import { cleanUpAfter } from "../base/errors.ts";
import type { HostComputeNamespace } from "../schema/hcs-network.ts";
import type { HnsEndpoint } from "../schema/hns.ts";
import { Device, guestStep } from "./device.ts";
import { KeyQueue } from "./key-queue.ts";
import { adapterSteps } from "./network-adapter.ts";
import { modifyFailure, refusal } from "./utility-vm-error.ts";
import { describe, type VmContext } from "./vm-context.ts";

/** A network namespace of the host and what is in it. */
export interface NetworkNamespace {
  id: string;
  /** The namespace as the host's network service describes it; for Windows guests. */
  document?: HostComputeNamespace;
  endpoints: readonly HnsEndpoint[];
}

interface NamespaceEntry {
  readonly id: string;
  /** The namespace in the guest. */
  readonly device: Device;
  /** Adapters by the id of their endpoint, in the order in which they came. */
  readonly adapters: Map<string, Device>;
  uses: number;
}

/** The network namespaces of a VM with their adapters; uses are counted. Ids of any case are the same. */
export class NetworkNamespaces {
  readonly #vm: VmContext;
  readonly #entries = new Map<string, NamespaceEntry>();
  readonly #queue = new KeyQueue();

  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /**
   * Makes a namespace in the guest and gives the VM an adapter for each endpoint, or counts one more use of the
   * namespace and adds the adapters that it lacks.
   *
   * @throws {UtilityVmError} UVM_MODIFY, with nothing added
   */
  async add({ id, document, endpoints }: NetworkNamespace): Promise<void> {
    const key = id.toLowerCase();
    await this.#change("add", id, async () => {
      const found = this.#entries.get(key);
      // What an earlier call could not take back is still in the way.
      if (found?.uses === 0) await this.#takeDown(found);
      const entry = this.#entries.get(key) ?? (await this.#newEntry(id, document ?? { ID: id }));
      this.#entries.set(key, entry);
      try {
        await entry.device.attach();
        await this.#addAdapters(entry, endpoints);
        entry.uses += 1;
      } catch (error) {
        throw entry.uses > 0 ? error : await cleanUpAfter(error, () => this.#takeDown(entry));
      }
    });
  }

  /** Gives one use back; the adapters and the namespace go with the last one. An unknown one is no error. @throws {UtilityVmError} */
  async remove(id: string): Promise<void> {
    await this.#change("remove", id, async () => {
      const entry = this.#entries.get(id.toLowerCase());
      if (entry === undefined) return;
      if (entry.uses <= 1) await this.#takeDown(entry);
      else entry.uses -= 1;
    });
  }

  /**
   * Gives the VM adapters for further endpoints; those that it has are left alone.
   *
   * @throws {UtilityVmError} UVM_NAMESPACE_NOT_FOUND; UVM_MODIFY, with nothing added
   */
  async addEndpoints(id: string, endpoints: readonly HnsEndpoint[]): Promise<void> {
    await this.#change("add", id, () => this.#addAdapters(this.#known(id), endpoints));
  }

  /**
   * Takes the adapter of an endpoint from the VM.
   *
   * @throws {UtilityVmError} UVM_NAMESPACE_NOT_FOUND, UVM_NIC_NOT_FOUND; UVM_MODIFY
   */
  async removeEndpoint(id: string, endpointId: string): Promise<void> {
    await this.#change("remove", id, async () => {
      const { adapters } = this.#known(id);
      const adapter = adapters.get(endpointId.toLowerCase());
      if (adapter === undefined) {
        throw refusal("UVM_NIC_NOT_FOUND", describe("remove", "endpoint", endpointId, this.#vm));
      }
      await adapter.detach();
      adapters.delete(endpointId.toLowerCase());
    });
  }

  /** Ids of the endpoints that a namespace has adapters for; none if it is unknown. */
  endpoints(id: string): string[] {
    return [...(this.#entries.get(id.toLowerCase())?.adapters.keys() ?? [])];
  }

  /** Takes down adapters, newest first, and then the namespace: all that is left of it. */
  async #takeDown(entry: NamespaceEntry): Promise<void> {
    await removeAdapters(entry, [...entry.adapters.keys()]);
    await entry.device.detach();
    this.#entries.delete(entry.id.toLowerCase());
  }

  async #newEntry(id: string, document: HostComputeNamespace): Promise<NamespaceEntry> {
    const isInGuest = this.#vm.os === "windows" && (await this.#guestKnowsNamespaces());
    const steps = isInGuest ? [guestStep("NetworkNamespace", document, document)] : [];
    return { id, device: new Device(this.#vm.system, steps), adapters: new Map(), uses: 0 };
  }

  async #addAdapters(entry: NamespaceEntry, endpoints: readonly HnsEndpoint[]): Promise<void> {
    const guestKnowsNamespaces = await this.#guestKnowsNamespaces();
    const added: string[] = [];
    try {
      for (const endpoint of endpoints) {
        const key = (endpoint.ID ?? "").toLowerCase();
        const found = entry.adapters.get(key);
        if (found?.isComplete) continue;
        // What a removal that failed has left of one is not enough for an adapter that works.
        await found?.detach();
        const plan = { id: randomUUID(), endpoint, namespaceId: entry.id, guestKnowsNamespaces };
        const adapter = new Device(this.#vm.system, adapterSteps(this.#vm, plan));
        entry.adapters.set(key, adapter);
        added.push(key);
        await adapter.attach();
      }
    } catch (error) {
      throw await cleanUpAfter(error, () => removeAdapters(entry, added));
    }
  }

  #known(id: string): NamespaceEntry {
    const entry = this.#entries.get(id.toLowerCase());
    if (entry === undefined || entry.uses === 0) {
      throw refusal("UVM_NAMESPACE_NOT_FOUND", `find network namespace "${id}" of "${this.#vm.system.id}"`);
    }
    return entry;
  }

  async #guestKnowsNamespaces(): Promise<boolean> {
    return (await this.#vm.capabilities()).NamespaceAddRequestSupported === true;
  }

  async #change(verb: "add" | "remove", id: string, change: () => Promise<void>): Promise<void> {
    try {
      await this.#queue.run(id.toLowerCase(), change);
    } catch (error) {
      throw modifyFailure(describe(verb, "network namespace", id, this.#vm), undefined, error);
    }
  }
}

/** Removes adapters, newest first. One that stays is still known, and goes with the namespace. */
async function removeAdapters({ adapters }: NamespaceEntry, keys: readonly string[]): Promise<void> {
  for (const key of keys.toReversed()) {
    const adapter = adapters.get(key);
    await adapter?.detach();
    adapters.delete(key);
  }
}
