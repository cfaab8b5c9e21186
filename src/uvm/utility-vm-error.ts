import { RuntimeError, type ErrorCode } from "../base/errors.ts";

/** Codes of what a utility VM refuses before it asks anyone. */
export type RefusalCode = Exclude<
  Extract<ErrorCode, `UVM_${string}`>,
  "UVM_OPTIONS" | "UVM_MODIFY" | "UVM_UNREACHABLE" | "UVM_REFUSED"
>;

/** A device of a utility VM cannot be added or removed, or the VM cannot be made as asked. */
export class UtilityVmError extends RuntimeError {}

/** What was found, in the words by which callers know these refusals. */
const FOUND: Readonly<Record<RefusalCode, string>> = {
  UVM_NO_LOCATION: "no available location",
  UVM_NOT_ATTACHED: "not attached",
  UVM_ALREADY_ATTACHED: "already attached",
  UVM_NO_SCSI_CONTROLLERS: "no SCSI controllers configured for this utility VM",
  UVM_TOO_MANY_ATTACHMENTS: "too many SCSI attachments",
  UVM_SCSI_LAYER_WCOW: "SCSI attached layers are not supported for WCOW",
  UVM_NOT_SUPPORTED: "not supported",
  UVM_LAYER_TOO_LARGE: "layer size is to large for VPMEM max size",
  UVM_GUEST_PATH: "uvmPath must be passed to AddPlan9",
  UVM_NAMESPACE_NOT_FOUND: "network namespace not found",
  UVM_NIC_NOT_FOUND: "NIC not found in network namespace",
};

const HINTS: Partial<Record<RefusalCode, string>> = {
  UVM_NO_SCSI_CONTROLLERS: "Make the utility VM with a SCSI controller.",
  UVM_TOO_MANY_ATTACHMENTS: "Make the utility VM with more SCSI controllers, or use fewer disks.",
  UVM_LAYER_TOO_LARGE: "Attach the layer as a SCSI disk.",
};

/**
 * Says why something cannot be done.
 *
 * @param action verb and object: `add SCSI disk "C:\a.vhdx" to utility VM "v1"`
 */
export function refusal(code: RefusalCode, action: string): UtilityVmError {
  const hint = HINTS[code];
  return new UtilityVmError(code, `Cannot ${action}: ${FOUND[code]}`, hint === undefined ? {} : { hint });
}

/**
 * Says that the service or the guest has refused a change, with its error as the cause, of which the predicates of
 * `hcs/results.ts` can be asked. A refusal stays as it is, and so does what is
 * no `RuntimeError`: that is a bug.
 *
 * @param phrase the words by which callers know this failure, if there are any
 */
export function modifyFailure(action: string, phrase: string | undefined, cause: unknown): unknown {
  if (!(cause instanceof RuntimeError) || cause instanceof UtilityVmError) return cause;
  const found = phrase === undefined ? cause.message : `${phrase}: ${cause.message}`;
  const failure = new UtilityVmError("UVM_MODIFY", `Cannot ${action}: ${found}`, {
    cause,
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
  });
  failure.suppressed.push(...cause.suppressed);
  return failure;
}
