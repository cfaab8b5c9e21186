import { cleanUpAfter } from "../base/errors.ts";
import type { VmSystem } from "../hcs/vm-system.ts";
import type { GuestModifySettingRequest, ModifySettingRequest } from "../schema/hcs.ts";

/** One side of a device: the request that brings it about, and the one that ends it. */
export interface DeviceStep {
  /** Absent if there is nothing to ask for. */
  add?: ModifySettingRequest;
  remove?: ModifySettingRequest;
  /** Takes `add` back if the device has never been whole and `remove` is not what does. */
  undo?: ModifySettingRequest;
}

/** A device as its VM sees it: steps that are taken in their order, host first, and taken back in reverse. */
export class Device {
  readonly #system: VmSystem;
  readonly #steps: DeviceStep[];
  #taken: number;
  /** Whether all steps have been taken since the device was gone. */
  #isWhole: boolean;

  /** @param taken how many steps are taken already, such as those of the document that made the VM */
  constructor(system: VmSystem, steps: readonly DeviceStep[], taken = 0) {
    this.#system = system;
    this.#steps = [...steps];
    this.#taken = taken;
    this.#isWhole = taken > 0;
  }

  /** Whether no side has anything of the device. */
  get isGone(): boolean {
    return this.#taken === 0;
  }

  /** Whether every side has all of the device. */
  get isComplete(): boolean {
    return this.#taken === this.#steps.length;
  }

  /**
   * Takes the steps that are not taken. If one fails, those before it are taken back, and what fails of that is
   * suppressed; the device then stays where it is known to be.
   *
   * @throws {ComputeError}
   */
  async attach(): Promise<void> {
    try {
      while (this.#taken < this.#steps.length) {
        const add = this.#steps[this.#taken]?.add;
        if (add !== undefined) await this.#system.modify(add);
        this.#taken += 1;
      }
      this.#isWhole = true;
    } catch (error) {
      throw await cleanUpAfter(error, () => this.detach());
    }
  }

  /** Takes all steps back, guest first; a call that fails is to be made again for those that are left. @throws {ComputeError} */
  async detach(): Promise<void> {
    while (this.#taken > 0) {
      const { undo, remove } = this.#steps[this.#taken - 1] ?? {};
      const request = this.#isWhole ? remove : (undo ?? remove);
      if (request !== undefined) await this.#system.modify(request);
      this.#taken -= 1;
    }
    this.#isWhole = false;
  }

  /** Adds a step to a device that is attached. @throws {ComputeError} with the device as it was */
  async extend(step: DeviceStep): Promise<void> {
    if (step.add !== undefined) await this.#system.modify(step.add);
    this.#steps.push(step);
    this.#taken += 1;
  }
}

/**
 * The host's side of a device.
 *
 * @param removeSettings what a removal names the device by, where its path does not
 */
export function hostStep(ResourcePath: string, settings?: unknown, removeSettings?: unknown): DeviceStep {
  return {
    add: { ResourcePath, RequestType: "Add", ...asSettings(settings) },
    remove: { ResourcePath, RequestType: "Remove", ...asSettings(removeSettings) },
  };
}

/** The guest's side of a device, or only its end if `settings` is undefined. */
export function guestStep(
  ResourceType: NonNullable<GuestModifySettingRequest["ResourceType"]>,
  settings: unknown,
  removeSettings: unknown,
): DeviceStep {
  const remove: ModifySettingRequest = {
    GuestRequest: { ResourceType, RequestType: "Remove", ...asSettings(removeSettings) },
  };
  if (settings === undefined) return { remove };
  return { add: { GuestRequest: { ResourceType, RequestType: "Add", Settings: settings } }, remove };
}

function asSettings(settings: unknown): { Settings?: unknown } {
  return settings === undefined ? {} : { Settings: settings };
}
