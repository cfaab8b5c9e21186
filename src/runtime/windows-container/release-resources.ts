import { LayerError } from "../../base/errors.ts";
import type { HeldResources, RuntimeOnWindows } from "./container-resources.ts";

/** Gives back what a container held of its host; what is absent is no error. @throws {LayerError} */
export async function releaseResources({ layers, windows }: RuntimeOnWindows, id: string): Promise<void> {
  const held = windows.notes.get(id, "resources") as HeldResources | undefined;
  if (held === undefined) return;
  const { scratch, network } = held;
  try {
    if (network !== undefined) await windows.networks.releaseEndpoints(network);
  } finally {
    if (scratch !== undefined) {
      await unlessAbsent(() => layers.unprepareLayer(scratch));
      await unlessAbsent(() => layers.deactivateLayer(scratch));
    }
  }
  windows.notes.clear(id, "resources");
}

async function unlessAbsent(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof LayerError && error.code === "LAYER_NOT_FOUND")) throw error;
  }
}
