/**
 * What a Windows container needs of its host before its document can be written, and how it is given back. It is noted
 * before it is made, so that what a killed call leaves can be found.
 */
import { layerFolders } from "../../oci/documents/layers.ts";
import type { OciConfig } from "../../schema/oci.ts";
import type { Runtime, WindowsRuntime } from "../runtime.ts";

/** The runtime on a Windows host. */
export type RuntimeOnWindows = Runtime & { windows: WindowsRuntime };

/** What was made ready for a container, in the form in which it is noted. */
export interface HeldResources {
  /** A scratch that was activated and prepared. */
  scratch?: string;
  /** Pipe of the owner of the VM in which there is more. */
  vmPipe?: string;
}

/** Makes the root file system of a container that shares the host's kernel. @returns its volume @throws {LayerError} */
export async function mountRoot({ layers, windows }: RuntimeOnWindows, id: string, spec: OciConfig): Promise<string> {
  const path = spec.root?.path ?? "";
  if (path !== "") return path;
  const { readOnly, scratch } = layerFolders(spec);
  windows.notes.set(id, "resources", { scratch });
  await layers.activateLayer(scratch);
  await layers.prepareLayer(scratch, readOnly);
  return layers.mountPath(scratch);
}
