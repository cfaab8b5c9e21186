import { expect, test } from "vitest";
import { readTimeouts } from "../../../../src/hcs/windows/timeouts.ts";

test("every wait has a length when nothing is set", () => {
  expect(readTimeouts({})).toEqual({
    systemCreate: 240_000,
    systemStart: 240_000,
    systemPause: 240_000,
    systemResume: 240_000,
    systemSave: 240_000,
    systemEnd: 30_000,
    call: 240_000,
    close: 30_000,
    lostExit: 1000,
    guestCommand: 240_000,
    guestDevice: 5000,
    guestDriver: 600_000,
    exitCheck: 60_000,
  });
});

test("a variable sets whole seconds, under our name before the other one", () => {
  expect(readTimeouts({ HCSSHIM_TIMEOUT_SYSTEMSTART: "7" }).systemStart).toBe(7000);
  const both = { HCSSHIM_TIMEOUT_SYSTEMSTART: "7", RUNHCS_TIMEOUT_SYSTEMSTART: "8" };
  expect(readTimeouts(both).systemStart).toBe(8000);
});

test.each(["", "0", "-1", "1.5", "x", "1e3", "9999999", " 5"])("the value %j is as good as none", (text) => {
  expect(readTimeouts({ RUNHCS_TIMEOUT_SYSTEMSAVE: text }).systemSave).toBe(240_000);
});
