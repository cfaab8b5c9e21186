import type { ScratchDisks } from "../hcs/layer-store.ts";
import { createScratch } from "./create-scratch.ts";
import { expandLayer } from "./expand-layer.ts";
import { openDisk } from "./open-disk.ts";

const GIB = 2 ** 30;

/** Makes the disks of scratches as VHDX files, and enlarges these and raw ones, for a layer store of Linux. */
export function vhdxDisks(): ScratchDisks {
  return {
    fileName: "sandbox.vhdx",
    enlarges: ["vhdx", "raw"],
    create: async (file, sizeBytes) => {
      const destination = { path: file, force: false };
      await createScratch({ destination, sizeGB: Math.ceil(sizeBytes / GIB) });
    },
    expand: async (file, sizeBytes) => {
      const disk = openDisk(file);
      const { size } = disk.source;
      disk.close();
      if (size < sizeBytes) expandLayer(file, sizeBytes);
    },
  };
}
