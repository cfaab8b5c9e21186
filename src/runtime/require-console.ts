import { UsageError } from "../base/errors.ts";
import type { Attachment } from "../hcs/compute-service.ts";
import type { OciProcess } from "../schema/oci.ts";

/**
 * Requires that a detached terminal has someone who holds its other end, and that a socket has a terminal.
 *
 * @throws {UsageError} in runc's words
 */
export function requireConsole(process: OciProcess | undefined, attachment: Attachment): void {
  const { consoleSocket, detached } = attachment;
  const terminal = process?.terminal === true;
  if (terminal && detached && consoleSocket === undefined) {
    throw new UsageError("cannot allocate tty if runhcs will detach without setting console socket", {
      hint: "Give --console-socket, or set the process's terminal to false",
    });
  }
  if (consoleSocket !== undefined && !(terminal && detached)) {
    throw new UsageError("cannot use console socket if runhcs will not detach or allocate tty", {
      hint: "Leave --console-socket out, or set the process's terminal to true",
    });
  }
}
