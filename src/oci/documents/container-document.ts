import type { LinuxContainerDocument } from "../../hcs/compute-service.ts";
import type { Bundle } from "../bundle.ts";
import { layeredRoot } from "../layered-root.ts";

/** The version in which documents are written: the first that Windows Server 2019 understands in full. */
const SCHEMA_VERSION = { Major: 2, Minor: 1 };

/** The HCS document of a Linux container on a Linux host: the whole specification, and where its bundle is. */
export function containerDocument({ path, config }: Bundle): LinuxContainerDocument {
  const layered = layeredRoot(config);
  const document = { SchemaVersion: SCHEMA_VERSION, OciBundlePath: path, OciSpecification: config };
  if (layered === undefined) return document;
  const { layers, scratch } = layered;
  return { ...document, Storage: { Layers: layers.map((folder) => ({ Path: folder })), Path: scratch } };
}
