import { RuntimeError } from "../../base/errors.ts";
import { Holdings } from "../../base/holdings.ts";
import { parseJson } from "../../base/lossless-json.ts";
import type { OwnerClient, OwnerOperation, OwnerRequest } from "../../hcs/vm-owners.ts";
import type { HostedContainer } from "../../hcs/vm-system.ts";
import { absolutePaths } from "../../oci/absolute-paths.ts";
import type { HostingSystem } from "../../oci/documents/create-options.ts";
import { credentialSpec } from "../../oci/documents/credentials.ts";
import type { ContainerCredentialGuardInstance } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";
import { KeyQueue } from "../../uvm/key-queue.ts";
import type { NetworkNamespace } from "../../uvm/network-namespaces.ts";
import type { UtilityVm } from "../../uvm/utility-vm.ts";
import { documentHost } from "../windows-container/document-host.ts";
import { findGuard } from "../windows-container/guarded-credentials.ts";
import type { RuntimeOnWindows } from "../windows-container/runtime-on-windows.ts";
import { createHostedContainer } from "./create-hosted-container.ts";
import { namespaceDocument } from "./namespace-document.ts";

/** The containers of one VM, as its owner sees them. Everything that they have of the VM ends with this process. */
export class VmContainers {
  readonly #runtime: RuntimeOnWindows;
  readonly #vm: UtilityVm;
  readonly #hostingSystem: HostingSystem;
  readonly #held = new Map<string, Holdings>();
  readonly #queue = new KeyQueue();

  constructor(runtime: RuntimeOnWindows, vm: UtilityVm, hostingSystem: HostingSystem) {
    this.#runtime = runtime;
    this.#vm = vm;
    this.#hostingSystem = hostingSystem;
  }

  /**
   * Does what another process of runhcs asks for. Requests for one container wait for each other: what a killed call
   * has asked for can still be under way when its container is deleted.
   *
   * @throws {RuntimeError} what that one is told
   */
  async answer({ ID: id, Op }: OwnerRequest, client: OwnerClient): Promise<void> {
    const operations: Record<OwnerOperation, () => Promise<void>> = {
      create: () => this.#create(id, client),
      unmount: () => this.#release(id),
      // The devices go with the VM, and what the host has for the container is the client's to release.
      "unmount-disk": async () => void this.#held.delete(id),
    };
    if (!Object.hasOwn(operations, Op)) throw this.#refusal(id, Op, "Not implemented");
    await this.#queue.run(id, operations[Op as OwnerOperation]);
  }

  async #create(id: string, client: OwnerClient): Promise<void> {
    const { store, windows } = this.#runtime;
    const { owner, bundle, vm, sandboxId } = store.load(id);
    if (vm?.id !== this.#vm.id) throw this.#refusal(id, "create", `it belongs to ${vm?.id ?? "no VM"}`);
    // What an earlier container of this id has left would be lost with its name.
    await this.#release(id);
    const spec = absolutePaths(parseJson(store.loadConfiguration(id)) as OciConfig, bundle);
    const namespace = windows.notes.get(id, "netns");
    const guard = await this.#guard(id, spec);
    const request = {
      options: {
        id,
        owner,
        spec,
        hostingSystem: this.#hostingSystem,
        scaleCpuLimitsToSandbox: vm.scaleCpuLimits === true,
        ...(namespace === undefined ? {} : { networkNamespace: namespace }),
      },
      host: await documentHost(windows, spec.windows?.layerFolders ?? [], () => undefined),
      // The network of a pod is that of its sandbox, which the VM has already.
      network: sandboxId === undefined ? await this.#network(namespace) : undefined,
      ...(guard === undefined ? {} : { guard }),
    };
    const holdings = new Holdings();
    // Known before anything is taken: what a failure cannot give back is tried again when the container is deleted.
    this.#held.set(id, holdings);
    const close = closeOnce(await createHostedContainer(this.#vm, request, holdings));
    // A container that is given up must not run on without its layers.
    holdings.add(close);
    // From then on it ends with its shim, which holds it too.
    void client.isGone.then(close);
  }

  /** The guard that the client has asked the service for. Without it the container would run, and be refused everywhere. */
  async #guard(id: string, spec: OciConfig): Promise<ContainerCredentialGuardInstance | undefined> {
    if (this.#vm.os !== "windows" || credentialSpec(spec) === undefined) return undefined;
    const guard = await findGuard(this.#runtime.windows.service, id);
    if (guard === undefined)
      throw this.#refusal(id, "create", "the service does not guard its credentials any more");
    return guard;
  }

  async #network(id: string | undefined): Promise<NetworkNamespace | undefined> {
    if (id === undefined) return undefined;
    const { networks } = this.#runtime.windows;
    const ids = await networks.endpointsOf(id);
    const endpoints = await Promise.all(ids.map((endpoint) => networks.endpoint(endpoint)));
    return { id, document: namespaceDocument(await networks.namespace(id)), endpoints };
  }

  async #release(id: string): Promise<void> {
    try {
      await this.#held.get(id)?.release();
    } catch (error) {
      // The VM ends, perhaps because its pod is deleted at the same time, and takes everything with it.
      if (!isOfEndedVm(error)) throw error;
    }
    this.#held.delete(id);
  }

  #refusal(id: string, operation: string, found: string): RuntimeError {
    return new RuntimeError("UVM_REFUSED", `Cannot ${operation} "${id}" in VM "${this.#vm.id}": ${found}`);
  }
}

function isOfEndedVm(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return [error, cause].some(
    (failure) => failure instanceof RuntimeError && failure.code === "HCS_SYSTEM_ALREADY_STOPPED",
  );
}

/** Gives a handle back once. One that cannot be ends with this process, which has to go on for the other containers. */
function closeOnce(container: HostedContainer): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => (closing ??= container.close().catch(() => undefined));
}
