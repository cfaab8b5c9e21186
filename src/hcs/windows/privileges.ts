import { closing } from "../../base/closing.ts";
import { Holdings } from "../../base/holdings.ts";
import { HcsResult } from "../results.ts";
import { CURRENT_PROCESS } from "./bindings/kernel32.ts";
import type { Bindings } from "./bindings/open-bindings.ts";
import { requireTrue, systemFailure } from "./system-failure.ts";

/** A privilege that administrators have and that is off until it is asked for. */
export type PrivilegeName = "SeBackupPrivilege" | "SeRestorePrivilege" | "SeManageVolumePrivilege";

const TOKEN_ADJUST_PRIVILEGES = 0x20;
const TOKEN_QUERY = 0x8;
const SE_PRIVILEGE_ENABLED = 2;
const ERROR_NOT_ALL_ASSIGNED = 1300;

/** TOKEN_PRIVILEGES with one entry: count, LUID at 4, attributes at 12. */
const TOKEN_PRIVILEGES_SIZE = 16;

/** Privileges of this process. They hold for all its threads, so there is one such object for a process. */
export class Privileges {
  readonly #bindings: Bindings;
  readonly #users = new Map<PrivilegeName, { count: number; wasEnabled: boolean }>();

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
  }

  /**
   * Acts with privileges. Those that were off before are switched off after the last act that needs them.
   *
   * @throws {ComputeError} ERROR_PRIVILEGE_NOT_HELD if this process cannot have them
   */
  async with<T>(names: readonly PrivilegeName[], act: () => Promise<T>): Promise<T> {
    const taken = new Holdings();
    return closing({ close: () => taken.release() }, async () => {
      for (const name of names) {
        this.#take(name);
        taken.add(async () => this.#giveBack(name));
      }
      return act();
    });
  }

  #take(name: PrivilegeName): void {
    const user = this.#users.get(name) ?? { count: 0, wasEnabled: this.#adjust(name, true) };
    user.count++;
    this.#users.set(name, user);
  }

  #giveBack(name: PrivilegeName): void {
    const user = this.#users.get(name);
    if (user === undefined || --user.count > 0) return;
    this.#users.delete(name);
    if (!user.wasEnabled) this.#adjust(name, false);
  }

  /** @returns whether it was enabled before */
  #adjust(name: PrivilegeName, isEnabled: boolean): boolean {
    const { kernel32, advapi32 } = this.#bindings.direct;
    const what = `${isEnabled ? "enable" : "disable"} the privilege "${name}"`;
    const found = advapi32.LookupPrivilegeValueW(null, name);
    requireTrue(what, found);
    const opened = advapi32.OpenProcessToken(CURRENT_PROCESS, TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY);
    requireTrue(what, opened);
    const [token] = opened.out;
    try {
      const wanted = Buffer.alloc(TOKEN_PRIVILEGES_SIZE);
      wanted.writeUInt32LE(1, 0);
      wanted.writeBigUInt64LE(BigInt(found.out[0]), 4);
      wanted.writeUInt32LE(isEnabled ? SE_PRIVILEGE_ENABLED : 0, 12);
      const before = Buffer.alloc(TOKEN_PRIVILEGES_SIZE);
      const size = Buffer.alloc(4);
      const adjusted = advapi32.AdjustTokenPrivileges(token, 0, wanted, before.length, before, size);
      requireTrue(what, adjusted);
      if (adjusted.lastError === ERROR_NOT_ALL_ASSIGNED)
        throw systemFailure(what, HcsResult.PRIVILEGE_NOT_HELD);
      // The list of what has changed may be empty if the privilege was as it should be.
      return before.readUInt32LE(0) === 0
        ? isEnabled
        : (before.readUInt32LE(12) & SE_PRIVILEGE_ENABLED) !== 0;
    } finally {
      kernel32.CloseHandle(token);
    }
  }
}
