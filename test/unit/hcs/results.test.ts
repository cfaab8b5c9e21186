import { describe, expect, test } from "vitest";
import { RuntimeError } from "../../../src/base/errors.ts";
import {
  ComputeError,
  HcsResult,
  describeResult,
  isAccessDenied,
  isAlreadyExists,
  isAlreadyStopped,
  isInvalidState,
  isNotExist,
  isDisconnected,
  isNotSupported,
  isPending,
  isTimeout,
} from "../../../src/hcs/results.ts";
import { COMPUTE_RESULTS, NETWORK_RESULTS, SYSTEM_RESULTS } from "../../../src/hcs/result-table.ts";

const PREDICATES = {
  isNotExist,
  isAlreadyStopped,
  isPending,
  isTimeout,
  isDisconnected,
  isNotSupported,
  isInvalidState,
  isAccessDenied,
  isAlreadyExists,
};

function failure(hresult: number): ComputeError {
  return new ComputeError({ hresult, operation: "start", systemId: "web" });
}

function holding(error: unknown): string[] {
  return Object.entries(PREDICATES).flatMap(([name, holds]) => (holds(error) ? [name] : []));
}

describe("describeResult names", () => {
  test.each([
    ["the documented form", 0x8037010e, "HCS_E_SYSTEM_NOT_FOUND"],
    ["the older form", 0xc037010e, "HCS_E_SYSTEM_NOT_FOUND"],
    ["a signed number", 0x8037010e | 0, "HCS_E_SYSTEM_NOT_FOUND"],
    ["an operation under way", 0x80370117, "HCS_E_OPERATION_PENDING"],
    ["an operation under way in the older form", 0xc0370103, "HCS_E_OPERATION_PENDING"],
    ["a wrapped Win32 code", 0x80070490, "ERROR_NOT_FOUND"],
    ["a Win32 code wrapped as an NTSTATUS", 0xc0070005, "ERROR_ACCESS_DENIED"],
    ["a bare Win32 code", 0x490, "ERROR_NOT_FOUND"],
    ["an invalid argument of the guest", 0x80070057, "ERROR_INVALID_PARAMETER"],
    ["an unspecified failure of the guest", 0x80004005, "E_FAIL"],
    ["a message that the guest does not implement", 0x80004001, "E_NOTIMPL"],
    ["a network result", 0x803b0013, "HCN_E_PORT_ALREADY_EXISTS"],
    ["a missing hypervisor", 0xc0351000, "ERROR_HV_NOT_PRESENT"],
    ["success", 0, "S_OK"],
    ["a number of no table", 0x80379999, "UNKNOWN_RESULT"],
    ["a neighbour that only looks like the family", 0xc0370005, "UNKNOWN_RESULT"],
  ])("%s", (_, hresult, name) => {
    expect(describeResult(hresult).name).toBe(name);
  });

  test("all 30 documented results of the compute service in both forms", () => {
    const lows = Array.from({ length: 0x20 }, (_, index) => 0x100 + index).filter(
      (low) => low !== 0x103 && low !== 0x104,
    );
    expect(lows).toHaveLength(30);
    for (const low of lows) {
      expect(describeResult(0x80370000 + low).name).toMatch(/^HCS_E_/);
      expect(describeResult(0xc0370000 + low)).toBe(describeResult(0x80370000 + low));
    }
  });

  test("all results of the network service without a gap", () => {
    for (let low = 1; low <= 0x37; low++) expect(describeResult(0x803b0000 + low).name).toMatch(/^[HG]CN_/);
  });
});

describe("the tables", () => {
  const entries = [COMPUTE_RESULTS, NETWORK_RESULTS, SYSTEM_RESULTS].flatMap((table) => Object.values(table));

  test("name every result once", () => {
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
  });

  test("hold meanings that complete a sentence and hints that are one", () => {
    for (const { meaning, hint } of entries) {
      expect(meaning).toMatch(/^[a-z].*[^.]$/);
      if (hint !== undefined) expect(hint).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe("predicates hold for", () => {
  test.each([
    [HcsResult.SYSTEM_NOT_FOUND, ["isNotExist"]],
    [0xc037010e, ["isNotExist"]],
    [HcsResult.ELEMENT_NOT_FOUND, ["isNotExist", "isAlreadyStopped"]],
    [0x490, ["isNotExist", "isAlreadyStopped"]],
    [0x7f, ["isNotExist", "isAlreadyStopped"]],
    [0x803b0001, ["isNotExist"]],
    [0x803b0002, ["isNotExist"]],
    [HcsResult.SYSTEM_ALREADY_STOPPED, ["isAlreadyStopped"]],
    [0xc0370110, ["isAlreadyStopped"]],
    [HcsResult.PROCESS_ALREADY_STOPPED, ["isAlreadyStopped"]],
    [HcsResult.OPERATION_PENDING, ["isPending"]],
    [0xc0370103, ["isPending"]],
    [HcsResult.OPERATION_TIMEOUT, ["isTimeout"]],
    [0xc0370109, ["isTimeout"]],
    [HcsResult.INVALID_JSON, ["isNotSupported"]],
    [HcsResult.INVALID_DATA, ["isNotSupported"]],
    [HcsResult.NOT_SUPPORTED, ["isNotSupported"]],
    [0xc037010b, ["isNotSupported"]],
    [HcsResult.SERVICE_DISCONNECT, ["isDisconnected"]],
    [0x800706ba, ["isDisconnected"]],
    [0x6be, ["isDisconnected"]],
    [HcsResult.INVALID_STATE, ["isInvalidState"]],
    [0xc0370105, ["isInvalidState"]],
    [0x5, ["isAccessDenied"]],
    [0x80070005, ["isAccessDenied"]],
    [HcsResult.ACCESS_DENIED, ["isAccessDenied"]],
    [HcsResult.SYSTEM_ALREADY_EXISTS, ["isAlreadyExists"]],
    [0x803b0013, ["isAlreadyExists"]],
    [HcsResult.FAIL, []],
    [0, []],
  ])("result %i exactly %j", (hresult, names) => {
    expect(holding(failure(hresult))).toEqual(names);
  });

  test("an error whose cause is the failure, one level deep", () => {
    const cause = failure(HcsResult.SYSTEM_NOT_FOUND);
    const wrapped = new RuntimeError("CONTAINER_NOT_FOUND", "Cannot start it", { cause });
    expect(isNotExist(wrapped)).toBe(true);
    expect(isNotExist(new Error("outer", { cause: wrapped }))).toBe(false);
  });

  test("the outer failure before its cause", () => {
    const outer = new ComputeError({
      hresult: HcsResult.INVALID_STATE,
      operation: "start",
      cause: failure(HcsResult.SYSTEM_NOT_FOUND),
    });
    expect(holding(outer)).toEqual(["isInvalidState"]);
  });

  test.each([
    undefined,
    null,
    "HCS_E_SYSTEM_NOT_FOUND",
    0x8037010e,
    new Error("does not exist"),
    { hresult: 0x8037010e },
  ])("none of %s", (error) => {
    expect(holding(error)).toEqual([]);
  });
});

describe("ComputeError", () => {
  test("tells operation, system, meaning and result in one line", () => {
    const error = failure(0x8037010e);
    expect(error).toBeInstanceOf(RuntimeError);
    expect(error.name).toBe("ComputeError");
    expect(error.message).toBe(
      'Cannot start "web": a compute system of this id does not exist (HCS_E_SYSTEM_NOT_FOUND 0x8037010E)',
    );
    expect(error.code).toBe("HCS_SYSTEM_NOT_FOUND");
    expect(error.hint).toBeUndefined();
  });

  test("names the process it concerns", () => {
    const error = new ComputeError({ hresult: 0xc0370110, operation: "signal", systemId: "web", pid: 12 });
    expect(error.message).toMatch(
      /^Cannot signal process 12 of "web": .* \(HCS_E_SYSTEM_ALREADY_STOPPED 0xC0370110\)$/,
    );
    expect(error.pid).toBe(12);
  });

  test("names no system when it concerns the service", () => {
    const error = new ComputeError({ hresult: 0x8037011e, operation: "enumerate compute systems" });
    expect(error.message).toMatch(/^Cannot enumerate compute systems: /);
    expect(error.hint).toMatch(/Host Compute Service/);
  });

  test("keeps a signed result unsigned", () => {
    expect(failure(-2147023511).hresult).toBe(0x80070569);
    expect(failure(-2147023511).message).toContain("(ERROR_LOGON_TYPE_NOT_GRANTED 0x80070569)");
  });

  test.each([
    [0x80070490, "HCS_ERROR_NOT_FOUND"],
    [0x803b0001, "HCS_HCN_E_NETWORK_NOT_FOUND"],
    [0x12345678, "HCS_UNKNOWN_RESULT"],
  ])("has a code for result %i", (hresult, code) => {
    expect(failure(hresult).code).toBe(code);
  });

  test("takes a message that engines match", () => {
    const message = 'container "web" does not exist';
    const error = new ComputeError({ hresult: 0x8037010e, operation: "open", systemId: "web", message });
    expect(error.message).toBe(message);
    expect(isNotExist(error)).toBe(true);
  });

  test("names the place of an invalid document that the service complained of", () => {
    const events = [
      { Source: "Vmcompute" },
      { Message: "Unknown key at '$.Container.Layers[2].Path', line 1" },
    ];
    const error = new ComputeError({ hresult: 0xc037010d, operation: "create", systemId: "web", events });
    expect(error.message).toContain("the document is invalid at $.Container.Layers[2].Path (");
    expect(error.events).toBe(events);
  });

  test("names no place when the document is not what failed", () => {
    const events = [{ Message: "see $.Container" }];
    const error = new ComputeError({ hresult: 0x80370105, operation: "create", systemId: "web", events });
    expect(error.message).not.toContain("$");
  });
});
