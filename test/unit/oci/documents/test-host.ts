import type { DocumentHost } from "../../../../src/oci/documents/document-host.ts";
import type { OciConfig } from "../../../../src/schema/oci.ts";

/** A host for which documents are made, which keeps what it is told. */
export interface NotingHost extends DocumentHost {
  warnings: string[];
}

/** A host of version 1809 with 4 processors, unless told otherwise. */
export function notingHost(parts: Partial<DocumentHost> = {}): NotingHost {
  const warnings: string[] = [];
  return {
    osBuild: 17763,
    processors: 4,
    layerId: () => "aaaaaaaa-0000-0000-0000-000000000001",
    warn: (text) => warnings.push(text),
    warnings,
    ...parts,
  };
}

/** The configuration of a Windows container with one layer. */
export function windowsSpec(
  windows: Partial<OciConfig["windows"]> = {},
  rest: Partial<OciConfig> = {},
): OciConfig {
  const folders = ["C:\\l\\base", "C:\\l\\scratch"];
  return { ociVersion: "1.0.2", windows: { layerFolders: folders, ...windows }, ...rest };
}
