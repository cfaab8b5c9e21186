/** Build numbers of the releases of Windows at which documents change. */
export const OS_BUILDS = {
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
} as const;
