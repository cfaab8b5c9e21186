import type { OciConfig } from "../../schema/oci.ts";
import type { SchemaVersion } from "./schema-version.ts";

/** A utility VM in which a container is made. */
export interface HostingSystem {
  id: string;
  os: "windows" | "linux";
  /** Processors that the VM has. */
  processorCount: number;
  /** Whether it is, or is to become, one to clone from. */
  isTemplate: boolean;
}

/** What a caller asks for with a new container. */
export interface CreateOptions {
  id: string;
  /** Names the managing client, for people. */
  owner: string;
  spec: OciConfig;
  /** Undefined for the newest that the host knows. */
  schemaVersion?: SchemaVersion;
  hostingSystem?: HostingSystem;
  /** Counts before the namespace of the configuration. */
  networkNamespace?: string;
  /**
   * Leaves what was allocated when the creation fails, to be looked at. Whoever asks for this has
   * them in the holdings that were given for the container, and has to release those.
   */
  doNotReleaseResourcesOnFailure?: boolean;
  /** Whether a limit of CPU time, which is a share of the host's processors, is turned into one of the VM's. */
  scaleCpuLimitsToSandbox?: boolean;
  /** Whether the container is one to clone from. */
  isTemplate?: boolean;
}
