import type { ContainerCredentialGuardState, Layer } from "../../schema/hcs.ts";

/** What was made ready for a container before its document is written. */
export interface ContainerResources {
  /**
   * Where the root file system is: the volume of an argon container, the folder in the VM of one that has a VM.
   * For a Linux container the folder that holds its rootfs.
   */
  rootPath: string;
  /** Read-only layers as the container's host, or its VM, sees them, topmost first. */
  layers: Layer[];
  /** Paths that stand for the sources of mounts, by the mount's index: in the VM, or with links resolved. */
  mountSources: ReadonlyMap<number, string>;
  /** The network namespace that was made or chosen; undefined for none. */
  networkNamespace?: string;
  /** Answer of the service to the container's credential specification. */
  credentials?: ContainerCredentialGuardState;
  /** Devices that stand for those of the configuration after their assignment to the VM. */
  devices?: readonly { id: string; idType: string }[];
}
