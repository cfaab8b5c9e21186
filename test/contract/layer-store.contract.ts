// What every layer store must do, whatever a layer is on its host.
import { LayerError } from "../../src/base/errors.ts";
import type { LayerStore } from "../../src/hcs/layer-store.ts";
import type { TestRunner } from "./test-runner.ts";

/** In what hosts may differ. */
export interface LayerTraits {
  /** Whether the files of the layers below are seen where a layer is mounted. */
  showsParents: boolean;
  /** Whether a read-only layer can lie over others, as a scratch can; otherwise that is refused. */
  stacksImages: boolean;
}

/** The host of a layer store, as far as the contract has to look behind the store's back. */
export interface LayerHost {
  readonly traits: LayerTraits;
  /** Opens the store; each call gives another object that works on the same layers. */
  open(): LayerStore;
  /** Gives an absolute path that nothing has yet. */
  newPath(): string;
  /** Makes a read-only layer with one file. @returns its path */
  layer(name: string, text: string): string;
  /** Makes a scratch. @returns its path */
  scratch(): string;
  /** Reads a file below a mount path. @returns undefined if there is none */
  read(mountPath: string, name: string): string | undefined;
  write(mountPath: string, name: string, text: string): void;
  /** Bytes of the file system that is mounted at a path. */
  room(mountPath: string): number;
  /** Puts a file into a layer's own folder. */
  put(folder: string, name: string, text: string): void;
  /** Whether a path exists. */
  exists(path: string): boolean;
  makeFolder(path: string): void;
  /** Everything of the store that is still in use on the host, each in words. */
  leftovers(): string[];
  close(): void;
}

const SIZE = 2 ** 30;

/** Declares the contract's tests. */
export function describeLayerStore(
  name: string,
  { describe, test, expect, beforeAll, afterAll }: TestRunner,
  openHost: () => Promise<LayerHost>,
): void {
  describe(`a layer store on ${name}`, () => {
    let host: LayerHost;
    let store: LayerStore;
    beforeAll(async () => {
      host = await openHost();
      store = host.open();
    });
    afterAll(async () => {
      expect(host.leftovers()).toEqual([]);
      host.close();
    });

    /** What is seen of a file of a layer below. */
    const below = (text: string): string | undefined => (host.traits.showsParents ? text : undefined);

    async function codeOf(promise: Promise<unknown>): Promise<string> {
      try {
        await promise;
        return "none";
      } catch (error) {
        if (error instanceof LayerError && !error.message.includes("\n")) return error.code;
        throw error;
      }
    }

    async function mounted(
      scratch: string,
      parents: string[],
      act: (path: string) => Promise<void>,
    ): Promise<void> {
      await store.activateLayer(scratch);
      await store.prepareLayer(scratch, parents);
      try {
        await act(await store.mountPath(scratch));
      } finally {
        await store.unprepareLayer(scratch);
        await store.deactivateLayer(scratch);
      }
    }

    test("shows a scratch over its layers, the top-most first, and keeps what is written", async () => {
      const parents = [host.layer("same", "top"), host.layer("same", "base"), host.layer("below", "seen")];
      const scratch = host.scratch();
      await mounted(scratch, parents, async (path) => {
        expect(host.read(path, "same")).toBe(below("top"));
        expect(host.read(path, "below")).toBe(below("seen"));
        host.write(path, "below", "changed");
      });
      expect(host.leftovers()).toEqual([]);
      await mounted(scratch, parents, async (path) => expect(host.read(path, "below")).toBe("changed"));
      await mounted(host.scratch(), parents, async (path) =>
        expect(host.read(path, "below")).toBe(below("seen")),
      );
    });

    test("counts uses, also those of another object", async () => {
      const [parent, scratch] = [host.layer("a", "1"), host.scratch()];
      await mounted(scratch, [parent], async (path) => {
        const other = host.open();
        await other.activateLayer(scratch);
        await other.prepareLayer(scratch, [parent]);
        expect(await other.mountPath(scratch)).toBe(path);
        await store.unprepareLayer(scratch);
        expect(host.read(path, "a")).toBe(below("1"));
        await store.deactivateLayer(scratch);
      });
      expect(host.leftovers()).toEqual([]);
    });

    test("shows a read-only layer alone, and over others", async () => {
      const [top, base] = [host.layer("a", "top"), host.layer("b", "base")];
      await store.activateLayer(top);
      expect(host.read(await store.mountPath(top), "a")).toBe("top");
      expect(host.read(await store.mountPath(top), "b")).toBe(undefined);
      if (host.traits.stacksImages) await showOver(top, base);
      else expect(await codeOf(store.prepareLayer(top, [base]))).toBe("LAYER_FORMAT");
      await store.deactivateLayer(top);
    });

    async function showOver(top: string, base: string): Promise<void> {
      await store.prepareLayer(top, [base]);
      const path = await store.mountPath(top);
      expect(host.read(path, "b")).toBe("base");
      let refusal = "";
      try {
        host.write(path, "b", "x");
      } catch (error) {
        refusal = String(error);
      }
      expect(refusal).toMatch(/EROFS/);
      await store.unprepareLayer(top);
    }

    test("shows layers at a further folder, and knows what is mounted where", async () => {
      const [parent, scratch, target] = [host.layer("a", "1"), host.scratch(), host.newPath()];
      host.makeFolder(target);
      expect(await store.mountedLayer(scratch)).toBe(undefined);
      await mounted(scratch, [parent], async (path) => {
        host.write(path, "own", "2");
        await store.showAt(scratch, target);
        expect(host.read(target, "a")).toBe(below("1"));
        expect(host.read(target, "own")).toBe("2");
        for (const asked of [scratch, path, target]) expect(await store.mountedLayer(asked)).toBe(scratch);
        await store.hideFrom(scratch, target);
        expect(host.read(target, "own")).toBe(undefined);
        await store.hideFrom(scratch, target);
        await store.showAt(scratch, target);
      });
      expect(host.read(target, "own")).toBe(undefined);
      expect(await store.mountedLayer(target)).toBe(undefined);
    });

    test("refuses what does not fit the state of a layer", async () => {
      const [parent, other, scratch] = [host.layer("a", "1"), host.layer("a", "2"), host.scratch()];
      expect(await codeOf(store.deactivateLayer(scratch))).toBe("LAYER_NOT_FOUND");
      expect(await codeOf(store.unprepareLayer(scratch))).toBe("LAYER_NOT_FOUND");
      expect(await codeOf(store.prepareLayer(scratch, [parent]))).toBe("LAYER_NOT_FOUND");
      expect(await codeOf(store.mountPath(scratch))).toBe("LAYER_NOT_FOUND");
      expect(await codeOf(store.activateLayer(host.newPath()))).toBe("LAYER_NOT_FOUND");
      await store.activateLayer(scratch);
      expect(await codeOf(store.mountPath(scratch))).toBe("LAYER_NOT_FOUND");
      expect(await codeOf(store.prepareLayer(scratch, []))).toBe("LAYER_FORMAT");
      expect(await codeOf(store.prepareLayer(scratch, [parent, parent]))).toBe("LAYER_FORMAT");
      expect(await codeOf(store.prepareLayer(scratch, [host.newPath()]))).toBe("LAYER_NOT_FOUND");
      await store.prepareLayer(scratch, [parent]);
      expect(await codeOf(store.prepareLayer(scratch, [other]))).toBe("LAYER_BUSY");
      expect(await codeOf(store.deactivateLayer(scratch))).toBe("LAYER_BUSY");
      expect(await codeOf(store.destroyLayer(scratch))).toBe("LAYER_BUSY");
      expect(await codeOf(store.expandScratch(scratch, 2 * SIZE))).toBe("LAYER_BUSY");
      expect(await codeOf(store.destroyLayer(parent))).toBe("LAYER_BUSY");
      await store.unprepareLayer(scratch);
      await store.deactivateLayer(scratch);
      expect(host.leftovers()).toEqual([]);
    });

    test("makes, copies and removes layers", async () => {
      const [layer, copy, moved] = [host.newPath(), host.newPath(), host.newPath()];
      expect(await store.layerExists(layer)).toBe(false);
      await store.createLayer(layer, []);
      expect(await store.layerExists(layer)).toBe(true);
      expect(await codeOf(store.createLayer(layer, []))).toBe("LAYER_EXISTS");
      const full = host.layer("a", "1");
      await store.exportLayer(full, copy, []);
      await store.importLayer(moved, copy, []);
      expect(await codeOf(store.importLayer(moved, copy, []))).toBe("LAYER_EXISTS");
      await mounted(host.scratch(), [moved, layer], async (path) =>
        expect(host.read(path, "a")).toBe(below("1")),
      );
      for (const path of [layer, copy, moved, moved]) await store.destroyLayer(path);
      for (const path of [layer, copy, moved]) expect(host.exists(path)).toBe(false);
    });

    test("makes a scratch, and enlarges it", async () => {
      const [parent, scratch] = [host.layer("a", "1"), host.newPath()];
      await store.createScratch(scratch, [parent], SIZE);
      expect(await codeOf(store.createScratch(scratch, [parent], SIZE))).toBe("LAYER_EXISTS");
      await mounted(scratch, [parent], async (path) => {
        expect(host.room(path)).toBeGreaterThan(0.9 * SIZE);
        host.write(path, "big", "x".repeat(40_000_000));
      });
      await store.expandScratch(scratch, 2 * SIZE);
      await store.expandScratch(scratch, SIZE);
      await mounted(scratch, [parent], async (path) => {
        expect(host.room(path)).toBeGreaterThan(1.9 * SIZE);
        expect(host.read(path, "big")?.length ?? 0).toBe(40_000_000);
      });
      await store.destroyLayer(scratch);
      expect(host.exists(scratch)).toBe(false);
    });

    test("removes only what is a layer", async () => {
      const folder = host.newPath();
      host.makeFolder(folder);
      host.put(folder, "precious", "x");
      expect(await codeOf(store.destroyLayer(folder))).toBe("LAYER_FORMAT");
      expect(await codeOf(store.destroyLayer(folder, { force: true }))).toBe("LAYER_FORMAT");
      expect(host.read(folder, "precious")).toBe("x");
      const layer = host.layer("a", "1");
      host.put(layer, "precious", "x");
      expect(await codeOf(store.destroyLayer(layer))).toBe("LAYER_FORMAT");
      expect(host.read(layer, "precious")).toBe("x");
      await store.destroyLayer(layer, { force: true });
      expect(host.exists(layer)).toBe(false);
    });

    test("serves many calls at once", async () => {
      const parents = [host.layer("a", "1"), host.layer("b", "2")];
      const shared = host.scratch();
      const scratches = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? shared : host.scratch()));
      await Promise.all(
        scratches.map(async (scratch) => {
          const own = host.open();
          await own.activateLayer(scratch);
          await own.prepareLayer(scratch, parents);
          expect(host.read(await own.mountPath(scratch), "b")).toBe(below("2"));
          await own.unprepareLayer(scratch);
          await own.deactivateLayer(scratch);
        }),
      );
      expect(host.leftovers()).toEqual([]);
    });
  });
}
