import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createScratch } from "../../layers/create-scratch.ts";
import type { ContainerKind } from "../../oci/documents/container-kind.ts";
import { layerFolders } from "../../oci/documents/layers.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { Runtime } from "../runtime.ts";

/**
 * Makes the scratch of a container whose configuration names a folder that has none. One that is there is kept, and a
 * root file system that is made already needs none.
 *
 * @throws {BundleError | LayerError}
 */
export async function makeScratch({ layers }: Runtime, spec: OciConfig, kind: ContainerKind): Promise<void> {
  if ((spec.root?.path ?? "") !== "") return;
  const { readOnly, scratch } = layerFolders(spec);
  const path = join(scratch, "sandbox.vhdx");
  if (existsSync(path)) return;
  if (kind !== "lcow") {
    const size = spec.windows?.resources?.storage?.sandboxSize ?? 0;
    return layers.createScratch(scratch, readOnly, Number(size));
  }
  mkdirSync(scratch, { recursive: true });
  await createScratch({ destination: { path, force: false } });
}
