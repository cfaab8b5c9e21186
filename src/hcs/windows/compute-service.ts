import { stringifyJson } from "../../base/lossless-json.ts";
import type { Bindings } from "./bindings/open-bindings.ts";
import { answerOf, readDocument } from "./compute-call.ts";
import { HcsSystem } from "./compute-system.ts";
import type { HostContext } from "./host-context.ts";
import { NotificationHub } from "./notification-hub.ts";
import type { Subject } from "./result-document.ts";
import type { HcsProperties } from "./system-properties.ts";
import type { Timeouts } from "./timeouts.ts";

/** Which systems to list; absent or empty lists let all pass. */
export interface SystemQuery {
  Ids?: string[];
  Types?: string[];
  Names?: string[];
  Owners?: string[];
}

/** The Host Compute Service of this host, called through vmcompute.dll. */
export class HcsService {
  readonly #context: HostContext;

  constructor(bindings: Bindings, timeouts: Timeouts) {
    this.#context = { bindings, timeouts, hub: new NotificationHub(bindings) };
  }

  /**
   * Makes a system from a document.
   *
   * @throws {ComputeError} with the path in the document that the service refuses; isAlreadyExists; isTimeout
   */
  async createSystem(id: string, document: object): Promise<HcsSystem> {
    const { vmcompute } = this.#context.bindings;
    const { out, isPending } = await answerOf({
      subject: { operation: "create", systemId: id },
      timeout: this.#context.timeouts.systemCreate,
      call: vmcompute.HcsCreateComputeSystem(id, stringifyJson(document), null),
      mayPend: true,
      late: ([handle]) => {
        if (handle === null) return;
        void vmcompute
          .HcsTerminateComputeSystem(handle, "")
          .then(() => vmcompute.HcsCloseComputeSystem(handle));
      },
    });
    return HcsSystem.adopt(this.#context, id, out[0] ?? 0n, isPending);
  }

  /** @throws {ComputeError} isNotExist */
  async openSystem(id: string): Promise<HcsSystem> {
    const { vmcompute } = this.#context.bindings;
    const { out } = await answerOf({
      subject: { operation: "open", systemId: id },
      timeout: this.#context.timeouts.call,
      call: vmcompute.HcsOpenComputeSystem(id),
      late: ([handle]) => handle !== null && void vmcompute.HcsCloseComputeSystem(handle),
    });
    return HcsSystem.adopt(this.#context, id, out[0] ?? 0n);
  }

  /** Lists systems of the whole host, also those of other programs. @throws {ComputeError} */
  async enumerateSystems(query: SystemQuery = {}): Promise<HcsProperties[]> {
    const subject: Subject = { operation: "list compute systems" };
    const { out } = await answerOf({
      subject,
      timeout: this.#context.timeouts.call,
      call: this.#context.bindings.vmcompute.HcsEnumerateComputeSystems(stringifyJson(query)),
    });
    return readDocument(subject, out[0] ?? "[]") as HcsProperties[];
  }

  /** Looks for a system, without holding it. @returns undefined if there is none @throws {ComputeError} */
  async findSystem(id: string): Promise<HcsProperties | undefined> {
    return (await this.enumerateSystems({ Ids: [id] })).find(({ Id }) => Id === id);
  }

  /** Asks for properties of the service by name. @throws {ComputeError} */
  async serviceProperties(types: readonly string[]): Promise<unknown[]> {
    const subject: Subject = { operation: "query the compute service" };
    const { out } = await answerOf({
      subject,
      timeout: this.#context.timeouts.call,
      call: this.#context.bindings.vmcompute.HcsGetServiceProperties(stringifyJson({ PropertyTypes: types })),
    });
    const { Properties } = readDocument(subject, out[0]) as { Properties?: unknown[] };
    return Properties ?? [];
  }

  /** Changes settings of the service: `{PropertyType, Settings}`. @throws {ComputeError} */
  async modifyServiceSettings(settings: object): Promise<void> {
    await answerOf({
      subject: { operation: "modify the compute service" },
      timeout: this.#context.timeouts.call,
      call: this.#context.bindings.vmcompute.HcsModifyServiceSettings(stringifyJson(settings)),
    });
  }

  /** Releases what the service is called back with. Systems and processes have to be closed before. */
  close(): void {
    this.#context.hub.close();
  }
}
