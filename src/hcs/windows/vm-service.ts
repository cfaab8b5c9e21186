import type { ComputeSystem } from "../../schema/hcs.ts";
import type { VmService } from "../vm-system.ts";
import type { Bindings } from "./bindings/open-bindings.ts";
import { answerOf } from "./compute-call.ts";
import type { HcsService } from "./compute-service.ts";
import type { HcsSystem } from "./compute-system.ts";
import type { Timeouts } from "./timeouts.ts";

/** The Host Compute Service of this host, as utility VMs use it. */
export class HcsVmService implements VmService {
  readonly #service: HcsService;
  readonly #bindings: Bindings;
  readonly #timeouts: Timeouts;

  constructor(service: HcsService, bindings: Bindings, timeouts: Timeouts) {
    this.#service = service;
    this.#bindings = bindings;
    this.#timeouts = timeouts;
  }

  /** @throws {ComputeError} */
  createVm(id: string, document: ComputeSystem): Promise<HcsSystem> {
    return this.#service.createSystem(id, document);
  }

  /** @throws {ComputeError} */
  createContainer(id: string, document: ComputeSystem): Promise<HcsSystem> {
    return this.#service.createSystem(id, document);
  }

  /** Adds the account of the VM to those that may open the file. @throws {ComputeError} */
  async grantVmAccess(vmId: string, path: string): Promise<void> {
    await answerOf({
      subject: { operation: `give "${path}" to`, systemId: vmId },
      timeout: this.#timeouts.call,
      call: this.#bindings.vmcompute.GrantVmAccess(vmId, path),
    });
  }
}
