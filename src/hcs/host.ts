import type { ComputeService } from "./compute-service.ts";
import type { HostService } from "./host-service.ts";
import type { KeyStore } from "./key-store.ts";
import type { LayerStore, ScratchDisks } from "./layer-store.ts";
import type { NetworkStore } from "./network-store.ts";
import type { Shims } from "./shims.ts";
import type { VmOwners } from "./vm-owners.ts";
import type { VmService } from "./vm-system.ts";

/** What every implementation of the service is opened with. */
export interface ServiceSettings {
  /** Absolute path of the state folder (Windows: a registry key's name). */
  root: string;
  systemdCgroup: boolean;
  /** `true`, `false` or `auto`. */
  rootless: string;
  /** Name or path of the executor of new containers; undefined lets the host decide. */
  executor: string | undefined;
  /**
   * Tells how this program is started again: its file, and what comes before the name of a command. Only Windows asks:
   * Bun needs more than a millisecond to find its own file.
   */
  program?: () => readonly string[];
  /** Gives what makes the disks of scratches, which is loaded only when one is made. */
  openDisks: () => Promise<ScratchDisks>;
}

/** What a Windows host has besides. */
export interface WindowsParts {
  /** Where state is kept. */
  keys: KeyStore;
  networks: NetworkStore;
  service: HostService;
  shims: Shims;
  owners: VmOwners;
  vms: VmService;
  /** Build number of Windows. */
  osBuild: number;
  /** Logical processors in all groups. */
  processors: number;
  /** The GUID that the service knows a layer by, of its folder's base name. @throws {ComputeError} */
  layerId(baseName: string): Promise<string>;
}

/** The parts of a host that the runtime composes. */
export interface Host {
  compute: ComputeService;
  layers: LayerStore;
  /** What only a Windows host has. */
  windows?: WindowsParts;
  /** Takes an exclusive lock on an open file until it is closed. @returns false if another process holds it */
  tryLock(fd: number): boolean;
}
