import type { Bindings } from "./bindings/open-bindings.ts";
import type { HcsNotification } from "./notification-types.ts";
import { computeFailure, type Subject } from "./result-document.ts";

/** Gets the notifications of one handle, in the order in which the service sends them. */
export type Listener = (notification: HcsNotification) => void;

/** Ends the notifications of a handle, after those under way. It throws a {@link ComputeError} if it cannot. */
export type StopWatching = () => Promise<void>;

/** Longest delay of a timer, in milliseconds. */
const FOREVER = 0x7fff_ffff;

/**
 * Brings the notifications of the service to the main thread.
 *
 * One native callback serves all systems and processes; the context that the service hands back with it is a
 * number that stands for the listener. While anything is watched, the process is kept alive: the service
 * may call at any time, and must find someone there.
 */
export class NotificationHub {
  readonly #bindings: Bindings;
  readonly #listeners = new Map<number, Listener>();
  #callback: bigint | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  #lastKey = 0;
  /** Whether a registration could not be undone, so that the native callback has to stay. */
  #mayBeCalled = false;

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
  }

  /** Watches a system or a process. @throws {ComputeError} */
  async watch(
    kind: "System" | "Process",
    subject: Subject,
    handle: bigint,
    listener: Listener,
  ): Promise<StopWatching> {
    const { vmcompute } = this.#bindings;
    const key = ++this.#lastKey;
    this.#listeners.set(key, listener);
    this.#keepAlive ??= setInterval(() => undefined, FOREVER);
    const register =
      kind === "System" ? vmcompute.HcsRegisterComputeSystemCallback : vmcompute.HcsRegisterProcessCallback;
    const unregister =
      kind === "System"
        ? vmcompute.HcsUnregisterComputeSystemCallback
        : vmcompute.HcsUnregisterProcessCallback;
    try {
      const { value, out } = await register(handle, this.#openCallback(), key);
      if (value >= 0x8000_0000) throw computeFailure(subject, value);
      const [registration] = out;
      return async () => {
        // FFI: waits on a worker thread for callbacks under way, which need the main thread to be free.
        const { value: result } = await unregister(registration);
        this.#forget(key);
        if (result < 0x8000_0000) return;
        this.#mayBeCalled = true;
        throw computeFailure(subject, result);
      };
    } catch (error) {
      this.#forget(key);
      throw error;
    }
  }

  /**
   * Releases the native callback, unless something is watched still.
   *
   * FFI: koffi has 8192 such callbacks for the whole process.
   */
  close(): void {
    if (this.#callback === undefined || this.#listeners.size > 0 || this.#mayBeCalled) return;
    this.#bindings.koffi.unregister(this.#callback);
    this.#callback = undefined;
  }

  #openCallback(): bigint {
    const { koffi, types } = this.#bindings;
    // FFI: runs on the main thread while a thread of the service waits for it, so it must never block or throw.
    this.#callback ??= koffi.register(
      (type: number, key: number, status: number, data: string | null) =>
        this.#listeners.get(Number(key))?.({ type, status: status >>> 0, data }),
      koffi.pointer(types.notificationCallback),
    );
    return this.#callback;
  }

  #forget(key: number): void {
    this.#listeners.delete(key);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }
}
