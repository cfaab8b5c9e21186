import { describe, expect, test } from "vitest";
import { BundleError } from "../../../src/base/errors.ts";
import { sandboxId } from "../../../src/oci/sandbox-id.ts";

const CONTAINERD = "io.kubernetes.cri.sandbox-id";
const CRIO = "io.kubernetes.cri-o.SandboxID";
const DOCKERSHIM = "io.kubernetes.sandbox.id";

describe("sandboxId", () => {
  test.each([
    ["containerd's", { [CONTAINERD]: "a" }, "a"],
    ["CRI-O's", { [CRIO]: "b" }, "b"],
    ["dockershim's", { [DOCKERSHIM]: "c" }, "c"],
    ["containerd's before CRI-O's", { [CRIO]: "b", [CONTAINERD]: "a" }, "a"],
    ["CRI-O's before dockershim's", { [DOCKERSHIM]: "c", [CRIO]: "b" }, "b"],
  ])("is %s", (_, annotations, id) => {
    expect(sandboxId({ annotations })).toBe(id);
  });

  test.each([
    ["no annotations", {}, "/annotations names no sandbox"],
    ["none of an engine", { annotations: { "sandbox-id": "a" } }, "/annotations names no sandbox"],
    ["an empty one", { annotations: { [CRIO]: "", [DOCKERSHIM]: "c" } }, `/annotations/${CRIO} is empty`],
  ])("is refused for %s", (_, spec, what) => {
    expect(() => sandboxId(spec)).toThrow(BundleError);
    expect(() => sandboxId(spec)).toThrow(what);
  });
});
