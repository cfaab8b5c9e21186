import { expect } from "vitest";
import { checkComputeSystem, checkContainerConfig } from "../../../../src/schema/validate-hcs.ts";

/** Expects that a document obeys the schema of HCS for its kind. */
export function expectValid(document: object): void {
  const check = "SystemType" in document ? checkContainerConfig : checkComputeSystem;
  expect(check(document).faults).toEqual([]);
}
