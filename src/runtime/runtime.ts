import type { ComputeService } from "../hcs/compute-service.ts";
import type { WindowsParts } from "../hcs/host.ts";
import type { LayerStore } from "../hcs/layer-store.ts";
import type { ContainerNotes } from "../state/container-notes.ts";
import type { StateStore } from "../state/state-store.ts";

/** What a Windows host has besides, and what is noted of its containers. */
export interface WindowsRuntime extends WindowsParts {
  notes: ContainerNotes;
}

/** Everything that an operation needs; handed to each, so that none reaches for globals. */
export interface Runtime {
  compute: ComputeService;
  layers: LayerStore;
  store: StateStore;
  /** What only a Windows host has. */
  windows?: WindowsRuntime;
  /** Absolute path of the state folder. */
  root: string;
  /** Named in every container's record. */
  owner: string;
  /** Tells of a failure that does not end the operation. */
  warn(failure: unknown): void;
  /** Remembers how long the step took that ends now, for `--debug`. */
  mark(step: string): void;
}
