import type { ScratchDisks } from "../hcs/layer-store.ts";
import { writeScratchFile } from "./create-scratch.ts";
import { expandLayer } from "./expand-layer.ts";
import { withDisk } from "./open-disk-file.ts";
import { GIB } from "./scratch-size.ts";

/** Makes the disks of scratches as VHDX files, and enlarges these and raw ones, for a layer store of Linux. */
export function vhdxDisks(): ScratchDisks {
  return {
    fileName: "sandbox.vhdx",
    enlarges: ["vhdx", "raw"],
    create: async (file, sizeBytes) => writeScratchFile(file, Math.ceil(sizeBytes / GIB)),
    expand: async (file, sizeBytes) => {
      const size = withDisk(file, ({ source }) => source.size);
      // One that is large enough may have a file system whose growth was interrupted.
      expandLayer(file, Math.max(size, sizeBytes));
    },
  };
}
