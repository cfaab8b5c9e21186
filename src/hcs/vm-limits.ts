/** Counts of a utility VM's devices, and the ports on which its guest is reached. */

/** How many SCSI controllers a VM can have. */
export const MAX_SCSI_CONTROLLERS = 4;

/** How many persistent memory devices a VM can have, and how many it has unless its document says otherwise. */
export const MAX_VPMEM_COUNT = 128;
export const DEFAULT_VPMEM_COUNT = 64;

/** Port of Plan 9 shares (vsock). */
export const PLAN9_PORT = 564;

/** Port of the guest agent's log (vsock). */
export const LOG_PORT = 109;

/** Port on which a Linux guest asks for random bytes (vsock). */
export const ENTROPY_PORT = 1;
