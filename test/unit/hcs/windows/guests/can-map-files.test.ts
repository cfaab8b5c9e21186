import { expect, test } from "vitest";
import type { Bindings } from "../../../../../src/hcs/windows/bindings/open-bindings.ts";
import { canMapFiles } from "../../../../../src/hcs/windows/guests/can-map-files.ts";
import { ComputeError } from "../../../../../src/hcs/results.ts";

/** A host whose file system tells ids or does not; or that has no such folder. */
function hostOf(tellsIds: boolean, handle: bigint | null = 4n) {
  const calls: string[] = [];
  const result = { value: 1, handle: null, lastError: 0, out: [] };
  const kernel32 = {
    CreateFileW: async (path: string) => {
      calls.push(`open ${path}`);
      return { ...result, handle, lastError: 2 };
    },
    GetFileInformationByHandleEx: async (_: bigint, kind: number, space: Uint8Array) => {
      calls.push(`ask ${kind} of ${space.length} bytes`);
      return { ...result, value: tellsIds ? 1 : 0 };
    },
    CloseHandle: async () => {
      calls.push("close");
      return result;
    },
  };
  return { bindings: { kernel32 } as unknown as Pick<Bindings, "kernel32">, calls };
}

test.each([
  [18_361, true],
  [18_362, false],
  [19_042, false],
  [19_043, true],
])("on build %d a folder without ids of files can be mapped: %s", async (osBuild, expected) => {
  const { bindings, calls } = hostOf(false);
  expect(await canMapFiles(bindings, "D:\\a", osBuild)).toBe(expected);
  expect(calls).toEqual(expected ? [] : ["open D:\\a", "ask 18 of 24 bytes", "close"]);
});

test("a folder with ids of files can be mapped on every build", async () => {
  expect(await canMapFiles(hostOf(true).bindings, "D:\\a", 19_041)).toBe(true);
});

test("a folder that cannot be opened is told of", async () => {
  const { bindings, calls } = hostOf(true, null);
  const attempt = canMapFiles(bindings, "D:\\a", 19_041);
  await expect(attempt).rejects.toThrow(ComputeError);
  await expect(attempt).rejects.toThrow(/^Cannot open "D:\\a": /);
  expect(calls).toEqual(["open D:\\a"]);
});
