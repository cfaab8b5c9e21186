/**
 * The documents of the OCI runtime specification: bundle configuration, container state, runtime features.
 *
 * @see https://github.com/opencontainers/runtime-spec
 */
export type {
  IdMapping,
  LinuxBlockIo,
  LinuxCpu,
  LinuxDevice,
  LinuxDeviceRule,
  LinuxHugepageLimit,
  LinuxMemory,
  LinuxNamespace,
  LinuxPids,
  LinuxResources,
  LinuxSeccomp,
  OciConfig,
  OciHook,
  OciHooks,
  OciLinux,
  OciMount,
  OciProcess,
  OciRoot,
  OciUser,
  OciWindows,
  PosixRlimit,
  WindowsResources,
} from "./generated/oci-config.ts";
export type { LinuxFeatures, OciFeatures } from "./generated/oci-features.ts";
export type { OciState, OciStatus } from "./generated/oci-state.ts";
