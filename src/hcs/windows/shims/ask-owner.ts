import { RuntimeError } from "../../../base/errors.ts";
import type { OwnedVm, OwnerOperation } from "../../vm-owners.ts";
import { withDeadline } from "../deadline.ts";
import type { Timeouts } from "../timeouts.ts";
import { withAnswer } from "./request-pipe.ts";
import { toldFailure } from "./told-failure.ts";

/** What an owner of a VM is asked for, and by whom. */
export interface OwnerQuestion {
  vm: OwnedVm;
  /** The container. */
  id: string;
  operation: OwnerOperation;
  timeouts: Timeouts;
}

/**
 * Asks the owner of a VM for something.
 *
 * @param use what to do with the answer while the owner still keeps what it has made for this client alone
 * @throws {RuntimeError} UVM_UNREACHABLE if there is no owner, UVM_REFUSED with what it says
 * @throws {ComputeError} isTimeout
 */
export async function askOwner<T>(question: OwnerQuestion, use: () => Promise<T>): Promise<T> {
  const { vm, id, operation, timeouts } = question;
  const answer = withAnswer(vm.pipe, { ID: id, Op: operation }, async (failure) => {
    if (failure === "") throw unreachable(question);
    if (failure !== undefined) throw toldFailure(failure, "UVM_REFUSED");
    return use();
  });
  const subject = { operation: `${operation} in "${vm.id}"`, systemId: id };
  try {
    return await withDeadline(answer, { ms: timeouts.systemCreate, subject });
  } catch (error) {
    // Whatever else comes is of the pipe: nobody serves it, or its server has ended.
    throw error instanceof RuntimeError ? error : unreachable(question, error);
  }
}

function unreachable({ vm, id, operation }: OwnerQuestion, cause?: unknown): RuntimeError {
  const message = `Cannot ${operation} "${id}": VM ${vm.id} cannot be contacted`;
  return new RuntimeError("UVM_UNREACHABLE", message, { cause });
}
