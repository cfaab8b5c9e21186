import { describe, expect, test } from "vitest";
import { stringifyJson } from "../../../../src/base/lossless-json.ts";
import { containerVmOptions } from "../../../../src/oci/documents/vm/container-vm.ts";
import { readVmOptions } from "../../../../src/oci/documents/vm/read-vm-options.ts";

const FILES = { boot: { folder: "C:\\boot", has: () => true }, utilityVmPath: "C:\\base\\UtilityVM" };
const SPEC = {
  ociVersion: "1.0.2",
  windows: { layerFolders: ["C:\\base", "C:\\scratch"] },
  annotations: { "io.microsoft.virtualmachine.computetopology.memory.highmmiobaseinmb": "9007199254740993" },
};

describe.each(["lcow", "xenon"] as const)("options of the VM of a container (%s)", (kind) => {
  const options = containerVmOptions(kind, { id: "web", owner: "me", spec: SPEC }, FILES, {
    osBuild: 20_348,
  });

  test("are read as they were written", () => {
    expect(readVmOptions(stringifyJson(options))).toEqual(options);
  });

  test.each(Object.keys(options).filter((name) => name !== "storageQos"))(
    "are refused without %s",
    (name) => {
      for (const value of [undefined, null, {}]) {
        const text = stringifyJson({ ...options, [name]: value });
        expect(() => readVmOptions(text)).toThrow(
          /^Cannot make the VM of standard input: \w+ is (?:\w+ ?)+$/,
        );
      }
    },
  );
});

test.each(["", "{", "null", "[]", "7", '"text"', "{}", '{"__proto__":{}}', "[".repeat(5000)])(
  "what is no options is refused in one line: %j",
  (text) => {
    expect(() => readVmOptions(text)).toThrow(/^Cannot make the VM of standard input: [^\n]+$/);
  },
);
