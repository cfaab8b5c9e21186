import type { ScratchDisks } from "../hcs/layer-store.ts";
import { createScratch } from "./create-scratch.ts";
import { expandLayer } from "./expand-layer.ts";

const GIB = 2 ** 30;

/** The disks of scratches as this program makes them: dynamic VHDX files with ext4, in whole GiB. */
export const scratchDisks: ScratchDisks = {
  fileName: "sandbox.vhdx",
  async create(file, sizeBytes) {
    await createScratch({ destination: { path: file, force: false }, sizeGB: Math.ceil(sizeBytes / GIB) });
  },
  async expand(file, sizeBytes) {
    expandLayer(file, sizeBytes);
  },
};
