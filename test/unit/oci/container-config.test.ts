import { describe, expect, test } from "vitest";
import { BundleError } from "../../../src/base/errors.ts";
import { containerConfig, type ContainerPlacement } from "../../../src/oci/container-config.ts";
import type { OciConfig } from "../../../src/schema/oci.ts";

const PLACEMENT: ContainerPlacement = { id: "web", bundle: "/bundles/web", console: "", detach: false };
const PROCESS = { cwd: "/", args: ["sh"] };
const SPEC: OciConfig = { ociVersion: "1.2.0", root: { path: "rootfs" }, process: PROCESS, linux: {} };

describe("containerConfig takes", () => {
  test.each([
    ["id", "id", SPEC, "web"],
    [
      "a root file system within the bundle",
      "rootfs",
      SPEC,
      { target: "/bundles/web/rootfs", mounted: true },
    ],
    [
      "a root file system elsewhere",
      "rootfs",
      withRoot({ path: "/srv/root" }),
      { target: "/srv/root", mounted: true },
    ],
    ["a writable root file system", "readonlyRootfs", SPEC, false],
    ["a read-only root file system", "readonlyRootfs", withRoot({ path: "r", readonly: true }), true],
    ["no mounts", "mounts", SPEC, []],
    ["no devices", "devices", SPEC, []],
    ["no limits when resources are absent", "resources", SPEC, {}],
    ["resources", "resources", withLinux({ resources: { pids: { limit: 5 } } }), { pids: { limit: 5 } }],
    ["the specification itself", "spec", SPEC, SPEC],
  ] as const)("%s", (_, field, spec, value) => {
    expect(containerConfig(spec, PLACEMENT)[field]).toEqual(value);
  });

  test.each([
    ["arguments", { args: ["a", "a", "-b"] }, { args: ["a", "a", "-b"] }],
    ["no arguments", { args: undefined }, { args: [] }],
    ["the working directory", { cwd: "/srv" }, { cwd: "/srv" }],
    ["a terminal", { terminal: true }, { interactive: true }],
    ["no terminal", {}, { interactive: false }],
    ["the promise of no new privileges", { noNewPrivileges: true }, { noNewPrivileges: true }],
    ["the rest of a value behind an equals sign", { env: ["A=b=c"] }, { env: [{ name: "A", value: "b=c" }] }],
    ["a value with its quotes", { env: ["A=' b'"] }, { env: [{ name: "A", value: "' b'" }] }],
    ["no entry that has no equals sign", { env: ["A", "B=1"] }, { env: [{ name: "B", value: "1" }] }],
    [
      "user and groups",
      { user: { uid: 7, gid: 8, additionalGids: [9, 10] } },
      { user: "7", primaryGroup: "8" },
    ],
    [
      "further groups",
      { user: { uid: 7, gid: 8, additionalGids: [9, 10] } },
      { supplementaryGroups: ["9", "10"] },
    ],
    ["root without a user", {}, { user: "0", primaryGroup: "0", supplementaryGroups: [] }],
    [
      "capabilities",
      { capabilities: { bounding: ["CAP_KILL"] } },
      { capabilities: { bounding: ["CAP_KILL"] } },
    ],
  ])("%s of the process", (_, process, command) => {
    const spec = { ...SPEC, process: Object.assign({}, PROCESS, process) };
    expect(containerConfig(spec, PLACEMENT).command).toMatchObject(command);
  });

  test("console and detachment from the caller", () => {
    const { command } = containerConfig(SPEC, { ...PLACEMENT, console: "/dev/pts/3", detach: true });
    expect(command).toMatchObject({ console: "/dev/pts/3", detach: true });
  });

  test("the bundle's annotations and adds its path and the container's type", () => {
    const annotations = { "io.kubernetes.cri.container-type": "container" };
    expect(containerConfig({ ...SPEC, annotations }, PLACEMENT).annotations).toEqual({
      ...annotations,
      "io.katacontainers.pkg.oci.bundle_path": "/bundles/web",
      "io.katacontainers.pkg.oci.container_type": "pod_container",
    });
  });

  test.each([
    ["ro exactly", ["rbind", "ro"], true],
    ["ro recursively", ["rro"], false],
    ["rw", ["rw"], false],
    ["no options", undefined, false],
  ])("a mount with %s", (_, options, readOnly) => {
    const mount = { destination: "/d", ...(options === undefined ? {} : { options }) };
    const expected = { source: "", destination: "/d", type: "", options: options ?? [], readOnly };
    expect(containerConfig({ ...SPEC, mounts: [mount] }, PLACEMENT).mounts).toEqual([expected]);
  });

  test.each(["c", "b", "u", "p"] as const)("a device of type %s", (type) => {
    const device = { type, path: "/dev/x", major: 1, minor: 3, uid: 4, gid: 5, fileMode: 0o600 };
    const { path, ...rest } = device;
    expect(containerConfig(withLinux({ devices: [device] }), PLACEMENT).devices).toEqual([
      { containerPath: path, ...rest },
    ]);
  });

  test("zeros for what a device leaves open", () => {
    const spec = withLinux({ devices: [{ type: "p", path: "/dev/pipe" }] });
    const expected = {
      containerPath: "/dev/pipe",
      type: "p",
      major: 0,
      minor: 0,
      uid: 0,
      gid: 0,
      fileMode: 0,
    };
    expect(containerConfig(spec, PLACEMENT).devices).toEqual([expected]);
  });
});

test("containerConfig copies resources", () => {
  const resources = { memory: { limit: 2n ** 60n } };
  const config = containerConfig(withLinux({ resources }), PLACEMENT);
  expect(config.resources).toEqual(resources);
  expect(config.resources.memory).not.toBe(resources.memory);
});

describe("containerConfig refuses", () => {
  const unknownType = JSON.parse('{"type":"x","path":"/dev/x"}');

  test.each([
    ["no root file system", { ociVersion: "1.2.0", process: PROCESS, linux: {} }, "/root is missing"],
    ["no process", { ociVersion: "1.2.0", root: { path: "r" }, linux: {} }, "/process is missing"],
    ["no Linux section", { ociVersion: "1.2.0", root: { path: "r" }, process: PROCESS }, "/linux is missing"],
    [
      "an unknown device",
      withLinux({ devices: [unknownType] }),
      '/linux/devices/0/type is "x", must be one of c, b, u, p',
    ],
    [
      "a device without a path",
      withLinux({ devices: [{ type: "c", path: "" }] }),
      "/linux/devices/0/path is empty",
    ],
    [
      "an unknown type of container",
      { ...SPEC, annotations: { "io.kubernetes.cri.container-type": "pod" } },
      "/annotations/io.kubernetes.cri.container-type",
    ],
  ])("%s", (_, spec, what) => {
    expect(() => containerConfig(spec, PLACEMENT)).toThrow(BundleError);
    expect(() => containerConfig(spec, PLACEMENT)).toThrow(what);
  });
});

function withRoot(root: OciConfig["root"] & object): OciConfig {
  return { ...SPEC, root };
}

function withLinux(linux: OciConfig["linux"] & object): OciConfig {
  return { ...SPEC, linux };
}
