import { ContainerStateError } from "../base/errors.ts";

/** The VM in which a container is. */
export interface ContainerVm {
  /** The container for which the VM was made, and with which it ends. */
  host: string;
  /** Id by which the compute service knows the VM. */
  id: string;
  /** Where the process is asked that owns the VM. */
  pipe: string;
  /** Whether the container's share of CPU time is one of the host's processors, and is turned into one of the VM's. */
  scaleCpuLimits?: boolean;
}

/** What runhcs remembers of a container; what it is doing is asked of the compute service. */
export interface ContainerRecord {
  /** Version of this format. */
  format: 1;
  id: string;
  owner: string;
  ociVersion: string;
  /** Absolute path. */
  bundle: string;
  /** Absolute path of the root file system. */
  rootfs: string;
  /** ISO 8601, UTC. */
  created: string;
  isolation: "process" | "hypervisor";
  /** The pod's sandbox, for a container that belongs to one. */
  sandboxId?: string;
  /** Its VM, on a host whose VMs have owners. */
  vm?: ContainerVm;
  /** The bundle's own, and Kata's for the bundle's path and the container's type. */
  annotations: Record<string, string>;
}

/**
 * Reads a record's text.
 *
 * @throws {ContainerStateError} STATE_INVALID when it is cut short or is none of ours
 */
export function parseContainerRecord(id: string, path: string, text: string): ContainerRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(id, path, `it is not JSON (${text.length} characters)`, error);
  }
  if (!isContainerRecord(value)) throw invalid(id, path, "it is not a container's state");
  if (value.id !== id) throw invalid(id, path, `it belongs to container "${value.id}"`);
  return value;
}

function isContainerRecord(value: unknown): value is ContainerRecord {
  if (typeof value !== "object" || value === null) return false;
  const record: Partial<Record<keyof ContainerRecord, unknown>> = value;
  const texts = [record.id, record.owner, record.ociVersion, record.bundle, record.rootfs, record.created];
  if (typeof record.annotations !== "object" || record.annotations === null) return false;
  return record.format === 1 && texts.every((text) => typeof text === "string");
}

function invalid(id: string, path: string, found: string, cause?: unknown): ContainerStateError {
  return new ContainerStateError("STATE_INVALID", id, `Cannot read "${path}": ${found}`, {
    hint: `Remove the container with: runhcs delete --force ${id}`,
    cause,
  });
}
