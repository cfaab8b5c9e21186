import { expect, test } from "vitest";
import type { Bindings } from "../../../../src/hcs/windows/bindings/open-bindings.ts";
import { Privileges } from "../../../../src/hcs/windows/privileges.ts";

const NAMES = ["SeBackupPrivilege", "SeRestorePrivilege"] as const;
const ATTRIBUTES = 12;

/** A host that keeps the account of its privileges, and can refuse to switch them off. */
function privileges(isStuck = false) {
  const on = new Set<bigint>();
  const done = { value: 1, lastError: 0 };
  const bindings = {
    kernel32: { CloseHandle: () => done },
    advapi32: {
      LookupPrivilegeValueW: (_: null, name: string) => ({ ...done, out: [BigInt(name.length)] }),
      OpenProcessToken: () => ({ ...done, out: [1n] }),
      AdjustTokenPrivileges: (
        _token: bigint,
        _all: number,
        wanted: Buffer,
        _size: number,
        before: Buffer,
      ) => {
        const id = wanted.readBigUInt64LE(4);
        const isEnabled = wanted.readUInt32LE(ATTRIBUTES) !== 0;
        if (!isEnabled && isStuck) return { value: 0, lastError: 5 };
        if (on.has(id) !== isEnabled) before.writeUInt32LE(1, 0);
        if (isEnabled) on.add(id);
        else on.delete(id);
        return done;
      },
    },
  };
  return { held: new Privileges({ direct: bindings } as unknown as Bindings), on };
}

test("privileges are on during the act, and off after the last act that needs them", async () => {
  const { held, on } = privileges();
  let during = 0;
  await held.with(NAMES, () =>
    held.with(NAMES, async () => (during = on.size)).then(() => (during += on.size)),
  );
  expect([during, on.size]).toEqual([4, 0]);
  await expect(held.with(NAMES, () => Promise.reject(new Error("no space")))).rejects.toThrow("no space");
  expect(on.size).toBe(0);
});

test("one that cannot be switched off changes nothing about what came of the act", async () => {
  const { held } = privileges(true);
  expect(await held.with(NAMES, async () => "done")).toBe("done");
  await expect(held.with(NAMES, () => Promise.reject(new Error("no space")))).rejects.toThrow("no space");
});
