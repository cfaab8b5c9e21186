/** Descriptors of the standard streams that a shim copies, in its own process. */
export interface ShimDescriptors {
  stdin?: number | undefined;
  stdout?: number | undefined;
  stderr?: number | undefined;
}

/** The part of the seam for processes of runhcs that stay behind, on a host whose containers need them. */
export interface Shims {
  /**
   * Serves the first process of a container, from its creation to its end.
   *
   * @returns its exit code
   */
  serveInit(id: string, descriptors: ShimDescriptors): Promise<number>;
  /** Runs the process that this one reads from its input, in a container. @returns its exit code */
  serveExec(id: string, descriptors: ShimDescriptors): Promise<number>;
}
