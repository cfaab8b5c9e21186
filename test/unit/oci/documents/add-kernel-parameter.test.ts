import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../../../src/base/errors.ts";
import {
  addKernelParameter,
  type KernelParameter,
} from "../../../../src/oci/documents/vm/add-kernel-parameter.ts";

const added = (before: string, parameter: KernelParameter) =>
  addKernelParameter({ kernelBootOptions: before }, parameter).kernelBootOptions;

test.each<[string, KernelParameter, string]>([
  ["", { key: "quiet" }, "quiet"],
  ["quiet", { key: "loglevel", value: "7" }, "quiet loglevel=7"],
  ["a=1 b", { key: "a", value: "2" }, "a=1 b a=2"],
  ["", { key: "empty", value: "" }, "empty="],
  ["", { key: "dm-mod.create", value: "root,,,ro,0 8 linear" }, 'dm-mod.create="root,,,ro,0 8 linear"'],
  ["", { key: "root", value: "UUID=1-2" }, "root=UUID=1-2"],
])("behind %j, %j makes %j", (before, parameter, after) => {
  expect(added(before, parameter)).toBe(after);
});

test("the options that were given stay as they are", () => {
  const options = Object.freeze({ kernelBootOptions: "quiet", kernelFile: "vmlinux" });
  expect(addKernelParameter(options, { key: "a" })).toEqual({
    kernelBootOptions: "quiet a",
    kernelFile: "vmlinux",
  });
});

describe("a kernel parameter is refused", () => {
  test.each<[KernelParameter, string]>([
    [{ key: "" }, 'parameter "": its key is empty'],
    [{ key: "--" }, 'parameter "--": its key ends the parameters of the kernel'],
    [{ key: "a b" }, 'parameter "a b": its key must be of printable ASCII'],
    [{ key: "a=b" }, 'parameter "a=b": its key must be of printable ASCII'],
    [{ key: 'a"' }, "its key must be of printable ASCII without spaces, quotes and equals signs"],
    [{ key: "a\0" }, "its key must be of printable ASCII"],
    [{ key: "a", value: 'b"c' }, "must be of printable ASCII without quotes"],
    [{ key: "a", value: "b\nc" }, 'its value is "b\\nc", must be of printable ASCII without quotes'],
    [{ key: "a", value: "é" }, "must be of printable ASCII without quotes"],
  ])("that is %j", (parameter, problem) => {
    expect(() => added("", parameter)).toThrow(UsageError);
    expect(() => added("", parameter)).toThrow(problem);
  });
});

/** Splits a command line as the kernel does: at spaces that are not between quotes, which are taken off. */
function kernelReads(line: string): KernelParameter[] {
  const words = line.match(/(?:[^ "]|"[^"]*")+/g) ?? [];
  return words.map((word) => {
    const [, key = "", value] = /^([^=]*)(?:=([^]*))?$/.exec(word) ?? [];
    return value === undefined ? { key } : { key, value: value.replace(/^"(.*)"$/, "$1") };
  });
}

test("the kernel reads back every parameter that is not refused", () => {
  const parameter = fc.record(
    { key: fc.string({ maxLength: 4 }), value: fc.string({ maxLength: 8 }) },
    { requiredKeys: ["key"] },
  );
  fc.assert(
    fc.property(fc.array(parameter, { maxLength: 5 }), (parameters) => {
      let line = "";
      const taken: KernelParameter[] = [];
      for (const each of parameters) {
        try {
          line = added(line, each);
          taken.push(each);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }
      expect(kernelReads(line)).toEqual(taken);
    }),
  );
});
