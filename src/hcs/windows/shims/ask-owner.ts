import { errnoCode, RuntimeError } from "../../../base/errors.ts";
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
  const waiting = new AbortController();
  const answered = async (failure: string | undefined): Promise<T> => {
    if (failure === "") throw unreachable(question);
    if (failure !== undefined) throw toldFailure(failure, "UVM_REFUSED");
    return use();
  };
  const answer = withAnswer(vm.pipe, { ID: id, Op: operation }, answered, waiting.signal);
  const subject = { operation: `ask VM "${vm.id}" to ${operation}`, systemId: id };
  try {
    return await withDeadline(answer, { ms: timeouts.systemCreate, subject });
  } catch (error) {
    // An error of the system is of the pipe: nobody serves it, or its server has ended.
    const isOfPipe = !(error instanceof RuntimeError) && errnoCode(error) !== undefined;
    throw isOfPipe ? unreachable(question, error) : error;
  } finally {
    // The owner has to know that nobody waits any more for an answer that is late.
    waiting.abort();
  }
}

function unreachable({ vm, id, operation }: OwnerQuestion, cause?: unknown): RuntimeError {
  const message = `Cannot ${operation} "${id}": VM ${vm.id} cannot be contacted`;
  return new RuntimeError("UVM_UNREACHABLE", message, { cause });
}
