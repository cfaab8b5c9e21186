/** Sizes and counts of utility VMs. */

/** Memory of a VM that asks for none, in MiB. */
export const DEFAULT_MEMORY_MB = 1024;

/** Size of a persistent memory device, if not told otherwise. */
export const DEFAULT_VPMEM_BYTES = 4 * 1024 ** 3;

/** Sizes of persistent memory devices are multiples of this. */
export const VPMEM_PAGE_BYTES = 4096;
