import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/base/errors.ts";
import { parseSignal } from "../../../src/oci/signals.ts";

describe("parseSignal reads", () => {
  test.each([
    [undefined, 15],
    ["", 15],
    ["0", 0],
    ["9", 9],
    ["015", 15],
    ["64", 64],
    ["TERM", 15],
    ["SIGTERM", 15],
    ["sigkill", 9],
    ["Kill", 9],
    ["SigUsr1", 10],
    ["CLD", 17],
    ["IOT", 6],
    ["POLL", 29],
    ["RTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["rtmin+30", 64],
    ["RTMAX", 64],
    ["SIGRTMAX-14", 50],
    ["RTMAX-30", 34],
  ])("%j as %i", (text, signal) => {
    expect(parseSignal(text)).toBe(signal);
  });

  test.skipIf(process.platform !== "linux")("every name that the system knows, with and without SIG", () => {
    const known = Object.entries(constants.signals);
    expect(known.length).toBeGreaterThan(30);
    for (const [name, signal] of known) {
      expect(parseSignal(name)).toBe(signal);
      expect(parseSignal(name.slice(3).toLowerCase())).toBe(signal);
    }
  });
});

describe("parseSignal refuses", () => {
  test.each([
    "65",
    "-1",
    "+9",
    "9.0",
    "0x9",
    " 9",
    "SIG",
    "SIGSIGTERM",
    "TERMINATE",
    "RTMIN+31",
    "RTMAX-31",
    "RTMIN-1",
    "x",
  ])("%j", (text) => {
    expect(() => parseSignal(text)).toThrow(`unknown signal "${text}"`);
    expect(() => parseSignal(text)).toThrow(UsageError);
  });

  test("a text of several lines with an error of one line", () => {
    expect(() => parseSignal("x\ny")).toThrow('unknown signal "x\\ny"');
  });
});
