import type { Device } from "./device.ts";
import { KeyQueue } from "./key-queue.ts";
import { modifyFailure, refusal } from "./utility-vm-error.ts";

/** What a table keeps of one device. */
export interface DeviceEntry {
  readonly device: Device;
  /** How many calls have added it and not removed it. */
  uses: number;
  /** Came with the document of the VM, and stays as long as that. */
  readonly builtIn?: boolean;
}

/** One call on a device. */
export interface DeviceCall {
  /** What the call does, for messages: `add VPMEM device "C:\l.vhd" to utility VM "v1"`. */
  action: string;
  /** The words by which callers know its failure. */
  phrase?: string;
}

/** What an `acquire` does to an entry. */
export interface Acquisition<E extends DeviceEntry> {
  /** Chooses the place of a device that is not there. Must not wait, so that no two devices get one place. */
  make(): E;
  /** What has to be done before the device is attached. */
  prepare?(entry: E): Promise<void>;
  /** What a further use needs of a device that is there; throws to refuse it. */
  reuse?(entry: E): Promise<void>;
}

/** What a `release` asks of an entry. */
export interface Release<E extends DeviceEntry> {
  /** Tells whether the device with this key is the one that the caller means. */
  isMeant?(entry: E): boolean;
  /** Notes that the use has been given back. */
  released?(entry: E): void;
}

/**
 * The devices of one kind in a VM, by key, with the count of their uses. Calls for one device wait for each other;
 * a call that fails leaves the count as it was.
 */
export class DeviceTable<E extends DeviceEntry> {
  readonly #entries = new Map<string, E>();
  readonly #queue = new KeyQueue();

  /** All that occupy a place: devices in use, those that are coming or going, and those that could not be undone. */
  all(): E[] {
    return [...this.#entries.values()];
  }

  /** Finds a device in use. */
  find(key: string): E | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.uses === 0 ? undefined : entry;
  }

  /** Enters a device that came with the document of the VM. */
  enter(key: string, entry: E): void {
    this.#entries.set(key, entry);
  }

  /** Attaches a device, or counts one more use of it. @throws {UtilityVmError} */
  async acquire(key: string, call: DeviceCall, acquisition: Acquisition<E>): Promise<E> {
    return this.#queue.run(key, async () => {
      try {
        const entry = this.find(key) ?? (await this.#newEntry(key, acquisition));
        const isUsed = entry.uses > 0;
        await entry.device.attach();
        if (isUsed) await acquisition.reuse?.(entry);
        entry.uses += 1;
        return entry;
      } catch (error) {
        const entry = this.#entries.get(key);
        if (entry?.uses === 0 && entry.device.isGone) this.#entries.delete(key);
        throw modifyFailure(call.action, call.phrase, error);
      }
    });
  }

  /**
   * Gives one use back; the last one detaches the device.
   *
   * @throws {UtilityVmError} UVM_NOT_ATTACHED
   */
  async release(key: string, call: DeviceCall, { isMeant, released }: Release<E> = {}): Promise<void> {
    await this.#queue.run(key, async () => {
      const entry = this.find(key);
      const isLast = entry?.uses === 1;
      if (entry === undefined || (isLast && entry.builtIn) || isMeant?.(entry) === false) {
        throw refusal("UVM_NOT_ATTACHED", call.action);
      }
      try {
        if (isLast) await entry.device.detach();
      } catch (error) {
        throw modifyFailure(call.action, call.phrase, error);
      }
      entry.uses -= 1;
      released?.(entry);
      if (isLast) this.#entries.delete(key);
    });
  }

  async #newEntry(key: string, { make, prepare }: Acquisition<E>): Promise<E> {
    // What an earlier call could not take back is still in the way.
    await this.#entries.get(key)?.device.detach();
    this.#entries.delete(key);
    const entry = make();
    this.#entries.set(key, entry);
    await prepare?.(entry);
    return entry;
  }
}
