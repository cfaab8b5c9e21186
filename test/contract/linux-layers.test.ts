// The contract on the layer store of Linux, with each kind of scratch.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ScratchDisks } from "../../src/hcs/layer-store.ts";
import { openLinuxHost } from "../../src/hcs/linux/open.ts";
import { vhdxDisks } from "../../src/layers/vhdx-disks.ts";
import { SCRATCH_KINDS, writeLayer, writeScratch } from "../support/layer-folders.ts";
import { leftovers } from "../support/leftovers.ts";
import { describeLayerStore, type LayerHost } from "./layer-store.contract.ts";

function openLayerHost(kind: (typeof SCRATCH_KINDS)[number]): LayerHost {
  const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "runhcs-layers-")));
  const root = join(folder, "state");
  let serial = 0;
  const write = (path: string, name: string, text: string): void => fs.writeFileSync(join(path, name), text);
  const newPath = (): string => join(folder, `file-${++serial}`);
  const openDisks = async (): Promise<ScratchDisks> => vhdxDisks();
  const settings = { root, systemdCgroup: false, rootless: "auto", executor: undefined, openDisks };
  return {
    traits: { showsParents: true, stacksImages: true },
    open: () => openLinuxHost(settings).layers,
    newPath,
    layer: (name, text) => writeLayer(newPath(), { [name]: text }),
    scratch: () => writeScratch(newPath(), kind),
    read: (path, name) => {
      const file = join(path, name);
      return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
    },
    write,
    put: write,
    room: (path) => fs.statfsSync(path).blocks * fs.statfsSync(path).bsize,
    exists: fs.existsSync,
    makeFolder: (path) => fs.mkdirSync(path),
    leftovers: () => leftovers({ mark: `layers-${process.pid}-${kind}`, folder, root }),
    close: () => fs.rmSync(folder, { recursive: true }),
  };
}

for (const kind of SCRATCH_KINDS) {
  describeLayerStore(
    `Linux, with a ${kind} as scratch`,
    { describe, test, expect, beforeAll, afterAll },
    async () => openLayerHost(kind),
  );
}
