import { win32 } from "node:path";
import type { Layer } from "../../schema/hcs.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { DocumentHost } from "./document-host.ts";
import { documentFault } from "./fault.ts";

/** The layer folders of a configuration, which engines give in one list. */
export interface LayerFolders {
  /** Topmost first, the base last. */
  readOnly: string[];
  scratch: string;
}

/** Tells the scratch from the layers below it. @throws {BundleError} if there is no layer below it */
export function layerFolders({ windows }: Pick<OciConfig, "windows">): LayerFolders {
  const folders = windows?.layerFolders ?? [];
  const scratch = folders.at(-1);
  if (scratch === undefined || folders.length < 2) {
    const found = folders.length === 1 ? "1 folder" : "no folder";
    throw documentFault(["windows", "layerFolders"], `has ${found}, must have a base and a scratch`);
  }
  return { readOnly: folders.slice(0, -1), scratch };
}

/** Layers as a document names them: by the GUID of the folder's name and a path, the folder's own or that in a VM. */
export function layerDocuments(
  folders: readonly string[],
  paths: readonly string[],
  { layerId }: Pick<DocumentHost, "layerId">,
): Layer[] {
  return folders.map((folder, index) => ({ Id: layerId(baseName(folder)), Path: paths[index] ?? folder }));
}

function baseName(folder: string): string {
  return win32.basename(folder);
}
