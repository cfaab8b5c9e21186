// Calls that are killed at each of their steps: garbage collection, or the next call, leaves nothing of them.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lazyLibc, openHostMachine } from "../../src/hcs/linux/host-machine.ts";
import { findLeftoverLayers } from "../../src/hcs/linux/layers/leftover-layers.ts";
import { LinuxLayerStore } from "../../src/hcs/linux/layers/linux-layer-store.ts";
import { holdLayers, releaseLayers } from "../../src/hcs/linux/layers/system-layers.ts";
import type { LayerContext } from "../../src/hcs/linux/layers/mount-place.ts";
import { systemFolder } from "../../src/hcs/linux/system-context.ts";
import { vhdxDisks } from "../../src/layers/vhdx-disks.ts";
import { SCRATCH_KINDS, writeLayer, writeScratch } from "../support/layer-folders.ts";
import { isRunning, leftovers } from "../support/leftovers.ts";
import { eventually } from "../support/test-host.ts";
import { chosenSeed, randomNumbers, rounds } from "../support/soak-rounds.ts";
import { Killed, mortalMachine } from "../support/mortal-machine.ts";

const machine = openHostMachine(lazyLibc());
let folder: string;
let context: LayerContext;
let layers: string[];

beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "runhcs-killed-")));
  context = { machine, root: join(folder, "state") };
  layers = [writeLayer(join(folder, "top"), { a: "top" }), writeLayer(join(folder, "base"), { b: "base" })];
});
afterEach(() => {
  expect(left()).toEqual([]);
  fs.rmSync(folder, { recursive: true });
});

function storeOf({ machine: of, root }: LayerContext): LinuxLayerStore {
  return new LinuxLayerStore(of, root, async () => vhdxDisks());
}

function left(): string[] {
  return leftovers({ mark: folder, folder, root: context.root }).filter((line) => line !== "state: @hcs/web");
}

async function collect(): Promise<number> {
  const found = await findLeftoverLayers(context);
  for (const { remove } of found) expect(await remove()).toBe(true);
  return found.length;
}

/** Every step with RUNHCS_SOAK=1, else some of them, others each time. */
const STRIDE = rounds(1, 5);
const FIRST = Math.floor(randomNumbers(chosenSeed())() * STRIDE);

/** Calls again and again, killed some steps later each time, until the call ends by itself. @returns how often it was killed */
async function killedAtEachStep(
  call: (mortal: LayerContext) => Promise<unknown>,
  check: (wasKilled: boolean) => Promise<void>,
): Promise<number> {
  for (let lastStep = FIRST; ; lastStep += STRIDE) {
    let wasKilled = false;
    try {
      await call({ ...context, machine: mortalMachine(machine, lastStep) });
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      wasKilled = true;
    }
    await check(wasKilled);
    if (!wasKilled) return lastStep;
  }
}

describe.each(SCRATCH_KINDS)("with a %s as scratch", (kind) => {
  let scratch: string;
  beforeEach(() => {
    scratch = writeScratch(join(folder, "scratch"), kind);
  });
  const storage = () => ({ Layers: layers.map((Path) => ({ Path })), Path: scratch });

  test("a system whose creation is killed leaves nothing behind a collection", async () => {
    let collected = 0;
    const kills = await killedAtEachStep(
      (mortal) => holdLayers(mortal, "web", storage()),
      async () => {
        collected += await collect();
        expect(left()).toEqual([]);
      },
    );
    expect(kills).toBeGreaterThan(9);
    expect(collected).toBeGreaterThan(1);
  }, 120_000);

  test("a system whose removal is killed leaves nothing behind a collection", async () => {
    await holdLayers(context, "web", storage());
    const kills = await killedAtEachStep(
      (mortal) => releaseLayers(mortal, "web", scratch),
      async (wasKilled) => {
        await collect();
        expect(left()).toEqual([]);
        if (wasKilled) await holdLayers(context, "web", storage());
      },
    );
    expect(kills).toBeGreaterThan(5);
  }, 120_000);

  test("a creation that was killed hinders no later one, and the files survive", async () => {
    const read: (string | undefined)[] = [];
    await killedAtEachStep(
      (mortal) => holdLayers(mortal, "web", storage()),
      async () => {
        const root = await holdLayers(context, "web", storage());
        if (fs.existsSync(join(root, "kept"))) read.push(fs.readFileSync(join(root, "kept"), "utf8"));
        fs.writeFileSync(join(root, "kept"), "x");
        await releaseLayers(context, "web", scratch);
        expect(left()).toEqual([]);
      },
    );
    expect(new Set(read)).toEqual(new Set(["x"]));
    expect(read.length).toBeGreaterThan(1);
  }, 120_000);

  test("a mount whose call is killed is cleaned by a collection or by unmounting", async () => {
    const mount = async (mortal: LayerContext): Promise<void> => {
      const store = storeOf(mortal);
      await store.activateLayer(scratch);
      await store.prepareLayer(scratch, layers);
    };
    const unmount = async (mortal: LayerContext): Promise<void> => {
      const store = storeOf(mortal);
      const isNotThere = (error: unknown): void => {
        if (error instanceof Killed) throw error;
        expect(error).toMatchObject({ code: "LAYER_NOT_FOUND" });
      };
      await store.unprepareLayer(scratch).catch(isNotThere);
      await store.deactivateLayer(scratch).catch(isNotThere);
    };
    await killedAtEachStep(mount, async () => {
      await collect();
      await unmount(context);
      expect(left()).toEqual([]);
    });
    await mount(context);
    await killedAtEachStep(unmount, async (wasKilled) => {
      await collect();
      await unmount(context);
      expect(left()).toEqual([]);
      if (wasKilled) await mount(context);
    });
  }, 120_000);
});

test("a collection leaves alone what a system or a caller uses", async () => {
  const [scratch, other] = [join(folder, "scratch"), join(folder, "other")].map((path) =>
    writeScratch(path, "raw"),
  ) as [string, string];
  fs.mkdirSync(systemFolder(context.root, "web").path, { recursive: true });
  const root = await holdLayers(context, "web", { Layers: [{ Path: layers[0] ?? "" }], Path: scratch });
  const store = storeOf(context);
  await store.activateLayer(other);
  expect(await collect()).toBe(0);
  expect(fs.readFileSync(join(root, "a"), "utf8")).toBe("top");
  await store.deactivateLayer(other);
  fs.rmSync(systemFolder(context.root, "web").path, { recursive: true });
  expect(await collect()).toBe(1);
});

test("what a dead system had is taken from a layer that is also mounted by hand", async () => {
  const scratch = writeScratch(join(folder, "scratch"), "raw");
  const store = storeOf(context);
  await store.activateLayer(scratch);
  await holdLayers(context, "web", { Layers: [{ Path: layers[0] ?? "" }], Path: scratch });
  expect(await collect()).toBe(1);
  await expect(store.mountPath(scratch)).rejects.toMatchObject({ code: "LAYER_NOT_FOUND" });
  expect(await collect()).toBe(0);
  await store.deactivateLayer(scratch);
});

test("a record of an earlier boot counts for nothing", async () => {
  const scratch = writeScratch(join(folder, "scratch"), "raw");
  const store = storeOf(context);
  await store.activateLayer(scratch);
  const [key] = fs.readdirSync(join(context.root, "@layers"));
  const record = join(context.root, "@layers", key ?? "", "record.json");
  fs.writeFileSync(record, JSON.stringify({ ...JSON.parse(fs.readFileSync(record, "utf8")), boot: "x" }));
  expect(await collect()).toBe(1);
  expect(left()).toEqual([]);
});

test("a daemon that was killed leaves nothing behind a collection", async () => {
  const scratch = writeScratch(join(folder, "scratch"), "vhdx");
  await holdLayers(context, "web", { Layers: [{ Path: layers[0] ?? "" }], Path: scratch });
  const [key] = fs.readdirSync(join(context.root, "@layers"));
  const pid = Number(fs.readFileSync(join(context.root, "@layers", key ?? "", "daemon.pid"), "utf8"));
  process.kill(pid, "SIGKILL");
  await eventually(() => !isRunning(pid));
  await expect(
    holdLayers(context, "web", { Layers: [{ Path: layers[0] ?? "" }], Path: scratch }),
  ).rejects.toThrow("the daemon of its disk has ended");
  await collect();
  expect(left()).toEqual([]);
});
