import type { ComputeService } from "../hcs/compute-service.ts";
import type { LayerStore } from "../hcs/layer-store.ts";
import type { StateStore } from "../state/state-store.ts";

/** Everything that an operation needs; handed to each, so that none reaches for globals. */
export interface Runtime {
  compute: ComputeService;
  layers: LayerStore;
  store: StateStore;
  /** Absolute path of the state folder. */
  root: string;
  /** Named in every container's record. */
  owner: string;
  /** Remembers how long the step took that ends now, for `--debug`. */
  mark(step: string): void;
}
