import { cleanUpAfter } from "../../base/errors.ts";
import type { ComputeSystem } from "../../schema/hcs.ts";
import type { VmService } from "../vm-system.ts";
import type { Bindings } from "./bindings/open-bindings.ts";
import { answerOf } from "./compute-call.ts";
import type { HcsService } from "./compute-service.ts";
import type { HcsSystem } from "./compute-system.ts";
import { canMapFiles } from "./guests/can-map-files.ts";
import { serveLinuxGuest } from "./guests/serve-linux-guest.ts";
import type { Sockets } from "./guests/sockets.ts";
import type { Timeouts } from "./timeouts.ts";

/** The Host Compute Service of this host, as utility VMs use it. */
export class HcsVmService implements VmService {
  readonly #service: HcsService;
  readonly #bindings: Bindings;
  readonly #timeouts: Timeouts;
  readonly #osBuild: number;

  /** @param osBuild build number of Windows */
  constructor(service: HcsService, bindings: Bindings, timeouts: Timeouts, osBuild: number) {
    this.#service = service;
    this.#bindings = bindings;
    this.#timeouts = timeouts;
    this.#osBuild = osBuild;
  }

  /** @throws {ComputeError} */
  async createVm(id: string, document: ComputeSystem): Promise<HcsSystem> {
    const system = await this.#service.createSystem(id, document);
    if (document.VirtualMachine?.GuestConnection?.UseVsock !== true) return system;
    try {
      serveGuest(system, this.#bindings.direct.ws2_32);
      return system;
    } catch (error) {
      throw await cleanUpAfter(error, async () => {
        await system.terminate();
        await system.close();
      });
    }
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

  /** @throws {ComputeError} */
  canMapFiles(folder: string): Promise<boolean> {
    return canMapFiles(this.#bindings, folder, this.#osBuild);
  }
}

/** Has the host ready for a guest that boots, until its VM has ended. @throws {ComputeError} */
function serveGuest(system: HcsSystem, sockets: Sockets): void {
  const { runtimeId } = system;
  const end = runtimeId === "" ? undefined : serveLinuxGuest(sockets, runtimeId);
  if (end !== undefined) void system.wait().then(end, end);
}
