/** A container that is asked for, and what comes of that before it is made. */
import type { ComputeSystemDocument, InitAttachment } from "../hcs/compute-service.ts";
import type { ContainerRecord } from "../state/container-record.ts";

/** How containers are kept apart. */
export type Isolation = ContainerRecord["isolation"];

/** A container to make. */
export interface NewContainer {
  id: string;
  /** Path of the bundle's folder. */
  bundle: string;
  /** Undefined lets the bundle decide. */
  isolation?: Isolation;
  attachment: InitAttachment;
  /** What is asked for of the VM around it. */
  vm?: VmRequest;
}

/** How a container gets a VM. */
export interface VmRequest {
  /** The container in whose VM to run. */
  host?: string;
  /** File for what the VM's owner has to say. */
  log?: string;
  /** Pipe of the VM's console. */
  console?: string;
  /** Turns the container's share of the host's processors into one of the VM's. */
  scaleCpuLimits?: boolean;
}

/** What is to be made of a bundle. */
export interface ContainerPlan {
  record: ContainerRecord;
  /** Makes ready what the container needs and its document, once the id is claimed. */
  document(): Promise<ComputeSystemDocument>;
  /** Gives back what was made ready; what was not is no error. */
  release(): Promise<void>;
}
