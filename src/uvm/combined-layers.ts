import type { CombinedLayers as LayersSettings, ModifySettingRequest } from "../schema/hcs.ts";
import { modifyFailure } from "./utility-vm-error.ts";
import type { VmContext } from "./vm-context.ts";

/** One layer as the guest sees it. */
export interface GuestLayer {
  /** Where the guest has it: the path of a share (Windows) or of a mount (Linux). */
  path: string;
  /** GUID of the layer; Windows guests need it. */
  id?: string;
}

/** Layers to be laid over each other in the guest. */
export interface LayerStack {
  /** Where the guest shows them as one. */
  containerRootPath: string;
  /** Top-most first. */
  layers: readonly GuestLayer[];
  /** Where a Linux guest has the scratch; read-only without. A Windows guest has it at the container's root. */
  scratchPath?: string;
}

/** What a guest makes of layers: the root file systems of containers. */
export class CombinedLayers {
  readonly #vm: VmContext;

  constructor(vm: VmContext) {
    this.#vm = vm;
  }

  /** Has the guest show layers as one. @throws {UtilityVmError} UVM_MODIFY */
  async combine({ containerRootPath, layers, scratchPath }: LayerStack): Promise<void> {
    const settings: LayersSettings = {
      ContainerRootPath: containerRootPath,
      Layers: layers.map(({ path, id }) => (id === undefined ? { Path: path } : { Id: id, Path: path })),
    };
    if (scratchPath !== undefined && this.#vm.os === "linux") settings.ScratchPath = scratchPath;
    await this.#ask("combine", "Add", settings);
  }

  /** Has the guest take layers apart again. @throws {UtilityVmError} UVM_MODIFY */
  async separate(containerRootPath: string): Promise<void> {
    await this.#ask("separate", "Remove", { ContainerRootPath: containerRootPath });
  }

  async #ask(verb: string, RequestType: "Add" | "Remove", Settings: LayersSettings): Promise<void> {
    const request: ModifySettingRequest = {
      GuestRequest: { ResourceType: "CombinedLayers", RequestType, Settings },
    };
    try {
      await this.#vm.system.modify(request);
    } catch (error) {
      const action = `${verb} layers at "${Settings.ContainerRootPath}" in utility VM "${this.#vm.system.id}"`;
      throw modifyFailure(action, undefined, error);
    }
  }
}
