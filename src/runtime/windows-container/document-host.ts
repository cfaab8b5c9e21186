import { win32 } from "node:path";
import type { WindowsParts } from "../../hcs/host.ts";
import type { DocumentHost } from "../../oci/documents/document-host.ts";

/**
 * The host as documents see it.
 *
 * @param layerFolders layers whose ids are asked for in advance
 * @throws {ComputeError}
 */
export async function documentHost(
  { osBuild, processors, layerId }: Pick<WindowsParts, "osBuild" | "processors" | "layerId">,
  layerFolders: readonly string[],
  warn: (text: string) => void,
): Promise<DocumentHost> {
  const names = new Set(layerFolders.map((folder) => win32.basename(folder)));
  const ids = new Map<string, string>();
  for (const name of names) ids.set(name, await layerId(name));
  return {
    osBuild,
    processors,
    warn,
    layerId: (name) => {
      const id = ids.get(name);
      if (id === undefined) throw new Error(`unreachable: layer "${name}" is none of the configuration's`);
      return id;
    },
  };
}
