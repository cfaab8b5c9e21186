import { assert, json as anyJson, property } from "fast-check";
import { expect, test } from "vitest";
import { ProcessError, RuntimeError } from "../../../../../src/base/errors.ts";
import { ComputeError, HcsResult, isTimeout } from "../../../../../src/hcs/results.ts";
import { failureText, toldFailure } from "../../../../../src/hcs/windows/shims/told-failure.ts";
import { refusal } from "../../../../../src/uvm/utility-vm-error.ts";

test("a failure keeps its hint, the result of the service, and what the clean-up could not do", () => {
  const hresult = HcsResult.OPERATION_TIMEOUT;
  const first = new ComputeError({ operation: "start", systemId: "web@vm", hresult });
  first.suppressed.push(new Error("the VM stays"), "and so on");
  const told = toldFailure(failureText(first), "UVM_REFUSED");
  expect([told.code, told.message, told.hint]).toEqual(["UVM_REFUSED", first.message, first.hint]);
  expect(isTimeout(told)).toBe(true);
  expect(told.cause).toMatchObject({ operation: "start", systemId: "web@vm", hresult });
  expect(told.suppressed.map((error) => (error as Error).message)).toEqual(["the VM stays", "and so on"]);
  const layer = refusal("UVM_LAYER_TOO_LARGE", "add a layer");
  expect(toldFailure(failureText(layer), "PROCESS_FAILED")).toMatchObject({
    message: layer.message,
    hint: "Attach the layer as a SCSI disk.",
  });
  expect(toldFailure("Cannot", "PROCESS_FAILED")).toBeInstanceOf(ProcessError);
});

test("a failure without more is its text alone, and a bug tells its place", () => {
  expect(failureText(new RuntimeError("UVM_REFUSED", "Cannot go on"))).toBe("Cannot go on");
  expect(failureText(new TypeError("none"))).toMatch(/^TypeError: none\n +at /);
  expect(failureText("thrown")).toBe("thrown");
});

test("what is cut off or not understood is left out, and the text stays", () => {
  const whole = failureText(new ComputeError({ operation: "start", hresult: HcsResult.OPERATION_TIMEOUT }));
  const [message = ""] = whole.split("\0");
  for (let length = message.length; length <= whole.length; length++)
    expect(toldFailure(whole.slice(0, length), "UVM_REFUSED").message).toBe(message);
  assert(
    property(anyJson(), (json) => {
      expect(toldFailure(`Cannot\0${json}`, "UVM_REFUSED").message).toBe("Cannot");
    }),
  );
  for (const details of ['{"hint":1}', '{"result":{}}', '{"suppressed":[1]}', '{"suppressed":{}}', "null"])
    expect(toldFailure(`Cannot\0${details}`, "UVM_REFUSED")).toMatchObject({
      hint: undefined,
      suppressed: [],
    });
});
