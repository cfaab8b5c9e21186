import type { ComputeService } from "./compute-service.ts";
import type { LayerStore, ScratchDisks } from "./layer-store.ts";

/** What every implementation of the service is opened with. */
export interface ServiceSettings {
  /** Absolute path of the state folder (Windows: a registry key's name). */
  root: string;
  systemdCgroup: boolean;
  /** `true`, `false` or `auto`. */
  rootless: string;
  /** Name or path of the executor of new containers; undefined lets the host decide. */
  executor: string | undefined;
  /** Gives what makes the disks of scratches, which is loaded only when one is made. */
  openDisks: () => Promise<ScratchDisks>;
}

/** The parts of a host that the runtime composes. */
export interface Host {
  compute: ComputeService;
  layers: LayerStore;
  /** Takes an exclusive lock on an open file until it is closed. @returns false if another process holds it */
  tryLock(fd: number): boolean;
}
