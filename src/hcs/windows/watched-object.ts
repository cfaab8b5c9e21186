import { HcsResult } from "../results.ts";
import { withDeadline } from "./deadline.ts";
import { NotificationLine } from "./notification-line.ts";
import { NotificationType, type HcsNotification } from "./notification-types.ts";
import { OpenHandle, alreadyClosed } from "./open-handle.ts";
import { computeFailure, type Subject } from "./result-document.ts";
import type { CallResult } from "./bindings/signature.ts";
import type { HostContext } from "./host-context.ts";
import type { StopWatching } from "./notification-hub.ts";

/** What belongs to a kind of object. */
interface Kind {
  name: "System" | "Process";
  close: (handle: bigint) => Promise<CallResult>;
}

/** A handle of the service together with its notifications: what systems and processes have in common. */
export class WatchedObject {
  readonly line = new NotificationLine();
  readonly #context: HostContext;
  readonly #subject: Subject;
  readonly #kind: Kind;
  readonly #handle: OpenHandle;
  #stopWatching: StopWatching | undefined;
  #isDisconnected = false;

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
      if (notification.type !== NotificationType.ServiceDisconnect) return;
      this.#isDisconnected = true;
      this.line.end(computeFailure(this.#subject, HcsResult.SERVICE_DISCONNECT));
    };
    await this.#handle.use(this.#subject, async (handle) => {
      this.#stopWatching = await this.#context.hub.watch(this.#kind.name, this.#subject, handle, listener);
    });
  }

  /** Calls the service with the handle. The handle is not closed before the call has returned. */
  use<T>(subject: Subject, call: (handle: bigint) => Promise<T>): Promise<T> {
    return this.#handle.use(subject, call);
  }

  /**
   * Stops listening and closes the handle; who waits for something is told so. If a call hangs, the handle is
   * left to be closed when that returns.
   *
   * @throws {ComputeError} isTimeout if a call hangs; what the service refuses
   */
  async close(): Promise<void> {
    this.line.end(alreadyClosed(this.#subject));
    const subject = { ...this.#subject, operation: "close" };
    await withDeadline(this.#handle.close(), { ms: this.#context.timeouts.close, subject });
  }

  /** Does both steps, whatever comes of the first. When the service has ended, neither can succeed. */
  async #release(handle: bigint): Promise<void> {
    const [stopped, closed] = [
      await settled(this.#stopWatching?.()),
      await settled(this.#kind.close(handle)),
    ];
    if (this.#isDisconnected) return;
    if (stopped.status === "rejected") throw stopped.reason;
    if (closed.status === "rejected") throw closed.reason;
    const { value } = closed.value;
    if (value >= 0x8000_0000) throw computeFailure({ ...this.#subject, operation: "close" }, value);
  }
}

async function settled<T>(step: Promise<T>): Promise<PromiseSettledResult<Awaited<T>>>;
async function settled<T>(step?: Promise<T>): Promise<PromiseSettledResult<Awaited<T> | undefined>>;
async function settled<T>(step?: Promise<T>): Promise<PromiseSettledResult<Awaited<T> | undefined>> {
  const [result] = await Promise.allSettled([step]);
  return result;
}
