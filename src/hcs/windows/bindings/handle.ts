/** A pointer-sized opaque value of the callee; null is the null pointer, or a handle that is absent. */
export type Handle = bigint | null;
