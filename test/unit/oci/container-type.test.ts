import { describe, expect, test } from "vitest";
import { BundleError } from "../../../src/base/errors.ts";
import { CONTAINER_TYPE_KEY } from "../../../src/oci/pod-annotations.ts";
import { containerType, getContainerType } from "../../../src/oci/container-type.ts";

const CONTAINERD = "io.kubernetes.cri.container-type";
const CRIO = "io.kubernetes.cri-o.ContainerType";
const DOCKERSHIM = "io.kubernetes.docker.type";

describe("containerType is", () => {
  test.each([
    ["the sandbox of containerd", { [CONTAINERD]: "sandbox" }, "pod_sandbox"],
    ["a container of containerd", { [CONTAINERD]: "container" }, "pod_container"],
    ["the sandbox of CRI-O", { [CRIO]: "sandbox" }, "pod_sandbox"],
    ["a container of CRI-O", { [CRIO]: "container" }, "pod_container"],
    ["the sandbox of dockershim", { [DOCKERSHIM]: "podsandbox" }, "pod_sandbox"],
    ["a container of dockershim", { [DOCKERSHIM]: "container" }, "pod_container"],
    ["a sandbox without annotations of an engine", { other: "container" }, "pod_sandbox"],
    ["that of containerd before CRI-O", { [CRIO]: "container", [CONTAINERD]: "sandbox" }, "pod_sandbox"],
    ["that of CRI-O before dockershim", { [DOCKERSHIM]: "podsandbox", [CRIO]: "container" }, "pod_container"],
  ])("%s", (_, annotations, type) => {
    expect(containerType({ annotations })).toBe(type);
  });

  test("a sandbox when there are no annotations at all", () => {
    expect(containerType({})).toBe("pod_sandbox");
  });
});

describe("containerType refuses", () => {
  test.each([
    ["a value of dockershim under the key of containerd", { [CONTAINERD]: "podsandbox" }, CONTAINERD],
    ["a value of dockershim under the key of CRI-O", { [CRIO]: "podsandbox" }, CRIO],
    ["a value of containerd under the key of dockershim", { [DOCKERSHIM]: "sandbox" }, DOCKERSHIM],
    ["an empty value", { [CONTAINERD]: "" }, CONTAINERD],
    [
      "an unknown value although a later key has a known one",
      { [CONTAINERD]: "pod", [CRIO]: "sandbox" },
      CONTAINERD,
    ],
  ])("%s", (_, annotations, key) => {
    const pointer = `/annotations/${key}`;
    const error = failureOf(() => containerType({ annotations }));
    expect(error).toBeInstanceOf(BundleError);
    expect(error).toMatchObject({ code: "BUNDLE_INVALID", faults: [{ pointer }] });
    expect(error.message).toContain(pointer);
  });

  test("with the found and the allowed values in one line", () => {
    expect(() => containerType({ annotations: { [CONTAINERD]: "pod\n" } })).toThrow(
      /^Cannot tell the type of the container: .* is "pod\S*", must be "sandbox" or "container"$/,
    );
  });
});

describe("getContainerType", () => {
  test.each(["pod_sandbox", "pod_container"])("reads %s", (type) => {
    expect(getContainerType({ [CONTAINER_TYPE_KEY]: type })).toBe(type);
  });

  test("looks under Kata's key", () => {
    expect(getContainerType({ "io.katacontainers.pkg.oci.container_type": "pod_sandbox" })).toBe(
      "pod_sandbox",
    );
  });

  test.each([
    ["no type", {}, "is missing"],
    ["the annotation of an engine", { [CONTAINERD]: "sandbox" }, "is missing"],
    ["a value of an engine", { [CONTAINER_TYPE_KEY]: "sandbox" }, 'is "sandbox"'],
    ["the unknown type", { [CONTAINER_TYPE_KEY]: "unknown_container_type" }, 'is "unknown_container_type"'],
  ])("refuses %s", (_, annotations: Record<string, string>, what) => {
    expect(failureOf(() => getContainerType(annotations)).message).toContain(what);
  });
});

function failureOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}
