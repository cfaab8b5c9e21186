/** Build numbers of the releases of Windows at which documents change. */
export const OS_BUILDS = {
  /** Technical Preview 4 of Windows Server 2016. */
  TP4: 10586,
  /** Windows Server 2016; the first that runs containers. */
  RS1: 14393,
  RS3: 16299,
  /** Windows Server 2019, version 1809. */
  RS5: 17763,
  /** The first that starts a Linux kernel without firmware. */
  KERNEL_DIRECT_BOOT: 18286,
  /** Version 1903. */
  V19H1: 18362,
  /** The first that takes hints on memory from Linux guests. */
  COLD_DISCARD_HINT: 18967,
  /** Version 2004; the first that assigns PCI devices to utility VMs. */
  V20H1: 19041,
} as const;

/** Tells whether a build of Windows is that of Technical Preview 4 or a later one, as all are that are supported. */
export function isTp4(osBuild: number): boolean {
  return osBuild >= OS_BUILDS.TP4;
}
