import { resolve } from "node:path";
import { LayerError } from "../../base/errors.ts";
import type { DestroyOptions, LayerStore } from "../layer-store.ts";
import { FILTER_DRIVER, layerCall, type LayerContext } from "./layers/layer-context.ts";
import * as files from "./layers/layer-files.ts";
import * as uses from "./layers/layer-uses.ts";
import * as points from "./layers/mount-points.ts";

/** The layers of a Windows host, kept by the Host Compute Service and its filter driver. */
export class WindowsLayerStore implements LayerStore {
  readonly #context: LayerContext;

  /** @param context its keys remember who uses which layer */
  constructor(context: LayerContext) {
    this.#context = context;
  }

  async createLayer(path: string, parents: readonly string[]): Promise<void> {
    await files.createLayer(this.#context, resolve(path), parents.map(absolute));
  }

  async createScratch(path: string, parents: readonly string[], sizeBytes: number): Promise<void> {
    await files.createScratch(this.#context, resolve(path), parents.map(absolute), sizeBytes);
  }

  async importLayer(path: string, source: string, parents: readonly string[]): Promise<void> {
    await files.importLayer(this.#context, resolve(path), resolve(source), parents.map(absolute));
  }

  async exportLayer(path: string, target: string, parents: readonly string[]): Promise<void> {
    await files.exportLayer(this.#context, resolve(path), resolve(target), parents.map(absolute));
  }

  async layerExists(path: string): Promise<boolean> {
    const { LayerExists } = this.#context.bindings.vmcompute;
    const [found] = await layerCall(path, "find", LayerExists(FILTER_DRIVER, resolve(path)));
    return found !== 0;
  }

  async destroyLayer(path: string, options?: DestroyOptions): Promise<void> {
    await files.destroyLayer(this.#context, resolve(path), options);
  }

  async expandScratch(path: string, sizeBytes: number): Promise<void> {
    await files.expandScratch(this.#context, resolve(path), sizeBytes);
  }

  async activateLayer(path: string): Promise<void> {
    await uses.activateLayer(this.#context, resolve(path));
  }

  async deactivateLayer(path: string): Promise<void> {
    await uses.deactivateLayer(this.#context, resolve(path));
  }

  async prepareLayer(path: string, parents: readonly string[]): Promise<void> {
    await uses.prepareLayer(this.#context, resolve(path), parents.map(absolute));
  }

  async unprepareLayer(path: string): Promise<void> {
    await uses.unprepareLayer(this.#context, resolve(path));
  }

  async mountPath(path: string): Promise<string> {
    return uses.mountPath(this.#context, resolve(path));
  }

  async showAt(path: string, target: string): Promise<void> {
    await points.showAt(this.#context, resolve(path), target, await this.mountPath(path));
  }

  async hideFrom(path: string, target: string): Promise<void> {
    await points.hideFrom(this.#context, resolve(path), target);
  }

  async mountedLayer(path: string): Promise<string | undefined> {
    return points.mountedLayer(this.#context, path, async (layer) => {
      try {
        return await this.mountPath(layer);
      } catch (error) {
        if (error instanceof LayerError && error.code === "LAYER_NOT_FOUND") return undefined;
        throw error;
      }
    });
  }
}

/** Also where a list calls it with more than a path. */
function absolute(path: string): string {
  return resolve(path);
}
