import { describe, expect, test } from "vitest";
import { ContainerStateError } from "../../../src/base/errors.ts";
import { BUNDLE_PATH_KEY, CONTAINER_TYPE_KEY } from "../../../src/oci/pod-annotations.ts";
import {
  getOciConfig,
  stateToOciState,
  statusToOciState,
  type ContainerStatus,
} from "../../../src/oci/oci-state.ts";

const STATUS: ContainerStatus = {
  id: "web",
  state: "Running",
  pid: 42,
  annotations: { [BUNDLE_PATH_KEY]: "/bundles/web", [CONTAINER_TYPE_KEY]: "pod_sandbox", owner: "me" },
};

describe("stateToOciState", () => {
  test.each([
    ["ready", "created"],
    ["running", "running"],
    ["stopped", "stopped"],
    ["paused", "paused"],
    ["Creating", "creating"],
    ["Created", "created"],
    ["Running", "running"],
    ["Paused", "paused"],
    ["Stopped", "stopped"],
    ["READY", ""],
    ["unknown", ""],
    ["constructor", ""],
    ["", ""],
  ])("translates %j into %j", (state, status) => {
    expect(stateToOciState(state)).toBe(status);
  });
});

describe("statusToOciState", () => {
  test("reports the bundle's path and own annotations", () => {
    expect(statusToOciState(STATUS)).toEqual({
      ociVersion: expect.stringMatching(/^1\.\d+\.\d+$/),
      id: "web",
      status: "running",
      pid: 42,
      bundle: "/bundles/web",
      annotations: { owner: "me" },
    });
  });

  test("reports no annotations when the bundle has none", () => {
    const annotations = { [BUNDLE_PATH_KEY]: "/bundles/web" };
    expect(statusToOciState({ ...STATUS, annotations })).not.toHaveProperty("annotations");
  });

  test("reports pid 0 of a stopped container", () => {
    expect(statusToOciState({ ...STATUS, state: "Stopped", pid: 0 })).toMatchObject({
      status: "stopped",
      pid: 0,
    });
  });

  test("refuses a status without a bundle", () => {
    expect(() => statusToOciState({ ...STATUS, annotations: {} })).toThrow(ContainerStateError);
    expect(() => statusToOciState({ ...STATUS, annotations: {} })).toThrow(
      `container "web": annotation ${BUNDLE_PATH_KEY}`,
    );
  });

  test("refuses a state that a damaged file brought in", () => {
    const damaged = { ...STATUS, ...JSON.parse('{"state":"resting"}') };
    expect(() => statusToOciState(damaged)).toThrow('"resting" is no state of a container');
  });
});

describe("getOciConfig", () => {
  test("gives a copy that leaves the original alone", () => {
    const spec = { ociVersion: "1.2.0", annotations: { a: "b" } };
    const copy = getOciConfig({ ...STATUS, spec });
    expect(copy).toEqual(spec);
    Object.assign(copy.annotations ?? {}, { a: "changed" });
    expect(spec.annotations.a).toBe("b");
  });

  test("refuses a status without one", () => {
    expect(() => getOciConfig(STATUS)).toThrow('container "web": it holds no OCI configuration');
  });
});
