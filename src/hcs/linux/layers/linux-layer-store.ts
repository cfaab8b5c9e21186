import { resolve } from "node:path";
import type { DestroyOptions, LayerStore, ScratchDisks } from "../../layer-store.ts";
import type { Machine } from "../machine.ts";
import type { LayerContext } from "./mount-place.ts";

/** Gives the disks of scratches, which are loaded only when one is made. */
export type OpenDisks = () => Promise<ScratchDisks>;

/**
 * The layers of a Linux machine: loop devices and overlayfs.
 *
 * What only some calls need is imported where it is used, because every import costs start-up time.
 */
export class LinuxLayerStore implements LayerStore {
  readonly #context: LayerContext;
  readonly #openDisks: OpenDisks;

  /** @param root absolute path of the state folder */
  constructor(machine: Machine, root: string, openDisks: OpenDisks) {
    this.#context = { machine, root };
    this.#openDisks = openDisks;
  }

  async createLayer(path: string): Promise<void> {
    const { createLayer } = await import("./layer-files.ts");
    await createLayer(this.#context.machine, resolve(path));
  }

  async createScratch(path: string, parents: readonly string[], sizeBytes: number): Promise<void> {
    const { openImage } = await import("./layer-folder.ts");
    for (const parent of parents) await openImage(this.#context.machine, parent);
    const { createScratch } = await import("./layer-files.ts");
    await createScratch(this.#context.machine, resolve(path), await this.#openDisks(), sizeBytes);
  }

  async importLayer(path: string, source: string): Promise<void> {
    const { copyLayer } = await import("./layer-files.ts");
    await copyLayer(this.#context.machine, "import", { from: source, to: resolve(path) });
  }

  async exportLayer(path: string, target: string): Promise<void> {
    const { copyLayer } = await import("./layer-files.ts");
    await copyLayer(this.#context.machine, "export", { from: path, to: resolve(target) });
  }

  async layerExists(path: string): Promise<boolean> {
    const { isLayer } = await import("./layer-folder.ts");
    return isLayer(await this.#context.machine.list(resolve(path)));
  }

  async destroyLayer(path: string, options?: DestroyOptions): Promise<void> {
    const { destroyLayer } = await import("./layer-files.ts");
    await destroyLayer(this.#context, path, options);
  }

  async expandScratch(path: string, sizeBytes: number): Promise<void> {
    const { expandScratch } = await import("./layer-files.ts");
    await expandScratch(this.#context, path, await this.#openDisks(), sizeBytes);
  }

  async activateLayer(path: string): Promise<void> {
    const { activateLayer } = await import("./layer-uses.ts");
    await activateLayer(this.#context, path);
  }

  async deactivateLayer(path: string): Promise<void> {
    const { deactivateLayer } = await import("./layer-uses.ts");
    await deactivateLayer(this.#context, path);
  }

  async prepareLayer(path: string, parents: readonly string[]): Promise<void> {
    const { prepareLayer } = await import("./layer-uses.ts");
    await prepareLayer(this.#context, path, parents);
  }

  async unprepareLayer(path: string): Promise<void> {
    const { unprepareLayer } = await import("./layer-uses.ts");
    await unprepareLayer(this.#context, path);
  }

  async mountPath(path: string): Promise<string> {
    const { mountPath } = await import("./layer-uses.ts");
    return mountPath(this.#context, path);
  }

  async showAt(path: string, target: string): Promise<void> {
    const { showAt } = await import("./mount-points.ts");
    await showAt(this.#context, path, target);
  }

  async hideFrom(path: string, target: string): Promise<void> {
    const { hideTarget } = await import("./mount-points.ts");
    await hideTarget(this.#context, path, target);
  }

  async mountedLayer(path: string): Promise<string | undefined> {
    const { mountedLayer } = await import("./mount-points.ts");
    return mountedLayer(this.#context, path);
  }
}
