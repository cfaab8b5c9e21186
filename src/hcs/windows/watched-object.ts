import { HcsResult } from "../results.ts";
import { withDeadline } from "./deadline.ts";
import { NotificationLine } from "./notification-line.ts";
import { NotificationType, type HcsNotification } from "./notification-types.ts";
import { OpenHandle, alreadyClosed } from "./open-handle.ts";
import { computeFailure, type Subject } from "./result-document.ts";
import type { HostContext } from "./host-context.ts";
import type { StopWatching } from "./notification-hub.ts";

/** What belongs to a kind of object. */
interface Kind {
  name: "System" | "Process";
  close: (handle: bigint) => Promise<unknown>;
}

/** A handle of the service together with its notifications: what systems and processes have in common. */
export class WatchedObject {
  readonly line = new NotificationLine();
  readonly #context: HostContext;
  readonly #subject: Subject;
  readonly #kind: Kind;
  readonly #handle: OpenHandle;
  #stopWatching: StopWatching | undefined;

  constructor(context: HostContext, subject: Subject, kind: Kind, handle: bigint) {
    this.#context = context;
    this.#subject = subject;
    this.#kind = kind;
    this.#handle = new OpenHandle(handle, (open) => this.#release(open));
  }

  /**
   * Begins to listen.
   *
   * @param onNotification is called before anyone who waits for the notification
   * @throws {ComputeError}
   */
  async watch(onNotification: (notification: HcsNotification) => void): Promise<void> {
    const listener = (notification: HcsNotification): void => {
      onNotification(notification);
      this.line.push(notification);
      if (notification.type === NotificationType.ServiceDisconnect) this.line.end(this.#disconnected());
    };
    this.#stopWatching = await this.#handle.use(this.#subject, (handle) =>
      this.#context.hub.watch(this.#kind.name, this.#subject, handle, listener),
    );
  }

  /** Calls the service with the handle. The handle is not closed before the call has returned. */
  use<T>(subject: Subject, call: (handle: bigint) => Promise<T>): Promise<T> {
    return this.#handle.use(subject, call);
  }

  /**
   * Stops listening and closes the handle; who waits for something is told so. If a call hangs, the handle is
   * left to be closed when that returns.
   *
   * @throws {ComputeError} isTimeout if a call hangs
   */
  async close(): Promise<void> {
    this.line.end(alreadyClosed(this.#subject));
    const subject = { ...this.#subject, operation: "close" };
    await withDeadline(this.#handle.close(), { ms: this.#context.timeouts.close, subject });
  }

  async #release(handle: bigint): Promise<void> {
    await this.#stopWatching?.();
    await this.#kind.close(handle);
  }

  #disconnected(): Error {
    return computeFailure(this.#subject, HcsResult.SERVICE_DISCONNECT);
  }
}
