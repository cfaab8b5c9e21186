/**
 * The part of the seam for processes of runhcs that each own one VM, on a host whose VMs end with the last process
 * that holds them. Only its owner changes the devices of a VM, so others ask it for containers in there.
 */

/** Pipes at which owners are asked begin so, and a GUID follows. Only administrators can make such pipes. */
export const OWNER_PIPES = "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\runhcs-vm-";

/** What an owner is asked for. */
export interface OwnerRequest {
  /** The container. */
  ID: string;
  /** One of {@link OwnerOperation}, from a caller that speaks the same version. */
  Op: string;
}

/**
 * `create` makes a container in the VM, `unmount` takes from the VM what the container had of it, and `unmount-disk`
 * only forgets that, because the VM ends.
 */
export type OwnerOperation = "create" | "unmount" | "unmount-disk";

/** A VM and the process that owns it. */
export interface OwnedVm {
  /** Id by which the compute service knows the VM. */
  id: string;
  /** Where its owner is asked. */
  pipe: string;
}

/** What the owner of a new VM is started with. */
export interface NewOwner extends OwnedVm {
  /** JSON of what the VM is made with; it tells for which guest. */
  options: string;
  /** File for what the owner has to say. */
  log?: string;
}

/** A client that waits for an answer. */
export interface OwnerClient {
  /** Is over when the client needs nothing any more that is kept for it alone. */
  isGone: Promise<void>;
}

/** Starts owners, asks them, and is what one does itself. */
export interface VmOwners {
  /** A place at which nobody has been asked yet. */
  newPipe(): string;
  /**
   * Starts a process that makes a VM, and waits until its guest answers.
   *
   * @throws {ProcessError} with what the owner says
   * @throws {ComputeError} isTimeout
   */
  launch(owner: NewOwner): Promise<void>;
  /**
   * Asks an owner.
   *
   * @throws {RuntimeError} UVM_UNREACHABLE if there is none; UVM_REFUSED with what it says
   */
  ask(vm: OwnedVm, id: string, operation: OwnerOperation): Promise<void>;
  /**
   * Ends a VM with its owner, and waits until both are gone; an absent one is no error, and a VM of the same id that
   * another owner has is left alone.
   *
   * @param runtimeId GUID that the service gave to the VM, by which it is known once its owner was killed
   * @throws {ComputeError} isTimeout
   */
  end(vm: OwnedVm, runtimeId: string | undefined): Promise<void>;

  /** Reads, in an owner, what it was started with. */
  readOptions(): string;
  /** Tells all others, in an owner, that its VM is there, until that is released or this process ends, however it does. */
  claim(pipe: string): Promise<{ release(): void }>;
  /** Tells whoever started this owner that it works, or why it does not. @returns whether that is still there to hear it */
  tell(failure?: unknown): boolean;
  /**
   * Answers requests, several at once, until it is closed.
   *
   * @param answer throws what the client is told
   */
  serve(
    pipe: string,
    answer: (request: OwnerRequest, client: OwnerClient) => Promise<void>,
  ): Promise<{ close(): void }>;
}
