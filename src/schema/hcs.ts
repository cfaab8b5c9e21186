/**
 * The documents of the Host Compute Service, members named as on the wire: what makes compute systems and processes
 * and changes them, what the service is asked and what it answers. Networks are in `hcs-network.ts`.
 *
 * @see https://learn.microsoft.com/virtualization/api/hcs/schemareference
 */
export type * from "./generated/hcs-answers.ts";
export type * from "./generated/hcs-compute-system.ts";
export type {
  AssignedDeviceV1,
  ContainerConfig,
  HvRuntime,
  LayerV1,
  MappedDirectoryV1,
  MappedPipeV1,
} from "./generated/hcs-container-config.ts";
export type * from "./generated/hcs-modify.ts";
export type * from "./generated/hcs-process.ts";
export type * from "./generated/hcs-service.ts";
