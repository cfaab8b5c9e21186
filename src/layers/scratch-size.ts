/** The unit in which the sizes of scratches are named, in bytes; flags call it GB, as runhcs on Windows does. */
export const GIB = 2 ** 30;

/** Size of a scratch in that unit unless another one is asked for, as for every container of HCS. */
export const DEFAULT_SCRATCH_SIZE_GB = 20;
