import type { Bindings } from "./bindings/open-bindings.ts";
import { requireTrue } from "./system-failure.ts";

/** All access for the system and for administrators, none for anyone else, and so for what is made below. */
const DESCRIPTOR = "D:P(A;OICI;GA;;;SY)(A;OICI;GA;;;BA)";
const SDDL_REVISION_1 = 1;

/** SECURITY_ATTRIBUTES: size, descriptor at 8, whether child processes inherit the handle at 16. */
const ATTRIBUTES_SIZE = 24;

/**
 * Makes something that only administrators may use, without a handle for child processes.
 *
 * FFI: the attributes are valid during `make` only.
 *
 * @throws {ComputeError}
 */
export function administratorsOnly<T>({ direct }: Bindings, make: (attributes: Buffer) => T): T {
  const made = direct.advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
    DESCRIPTOR,
    SDDL_REVISION_1,
    null,
  );
  requireTrue("describe who may use the state", made);
  const [descriptor] = made.out;
  try {
    const attributes = Buffer.alloc(ATTRIBUTES_SIZE);
    attributes.writeUInt32LE(ATTRIBUTES_SIZE, 0);
    attributes.writeBigUInt64LE(descriptor ?? 0n, 8);
    return make(attributes);
  } finally {
    direct.kernel32.LocalFree(descriptor);
  }
}
