import type { OciConfig } from "../schema/oci.ts";
import type { Loose } from "./loose-config.ts";

/** What a root file system is made of that no folder of the bundle holds. */
export interface LayeredRoot {
  /** Folders of the read-only layers, top-most first. */
  layers: string[];
  /** Folder of the scratch, which takes the changes. */
  scratch: string;
}

/**
 * The layers of a configuration; undefined if it names the folder of its root file system, which counts, or no layers.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config-windows.md
 */
export function layeredRoot(config: OciConfig): LayeredRoot | undefined {
  if (!isLayered(config)) return undefined;
  const folders = config.windows?.layerFolders ?? [];
  return { layers: folders.slice(0, -1), scratch: folders.at(-1) ?? "" };
}

/** Whether the root file system is made of layers. */
export function isLayered({ root, windows }: Loose<OciConfig>): boolean {
  const hasPath = root?.path !== undefined && root.path !== "";
  return !hasPath && windows?.layerFolders !== undefined;
}
