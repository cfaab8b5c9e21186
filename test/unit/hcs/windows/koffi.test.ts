import { expect, test } from "vitest";
import { PlatformError } from "../../../../src/base/errors.ts";
import { loadKoffi } from "../../../../src/hcs/windows/koffi.ts";

test("a host without koffi for Windows is told what to do", () => {
  expect(loadKoffi).toThrow(PlatformError);
  expect(loadKoffi).toThrow("Cannot open the libraries of Windows: koffi.node was not found in ");
});
