import { describe, expect, test } from "vitest";
import { executableSpecification } from "../../../../src/hcs/linux/specification.ts";
import type { OciConfig, OciMount } from "../../../../src/schema/oci.ts";

const SPEC: OciConfig = {
  ociVersion: "1.2.0",
  root: { path: "rootfs", readonly: true },
  mounts: [{ destination: "/data", type: "bind", source: "data", options: ["rw"] }],
  linux: { resources: { memory: { limit: 9223372036854771712n } } },
};

describe("crun gets the specification as it is, but for a version newer than 1.1", () => {
  test.each([
    ["1.0.2-dev", "1.0.2-dev"],
    ["1.1.0", "1.1.0"],
    ["1.2.0", "1.1.0"],
    ["1.3.0", "1.1.0"],
  ])("%s becomes %s", (ociVersion, given) => {
    const specification = { ...SPEC, ociVersion };
    expect(executableSpecification(specification, "/bundle", "crun")).toEqual({ ...SPEC, ociVersion: given });
  });
});

test("runc gets absolute paths and everything else unchanged", () => {
  expect(executableSpecification(SPEC, "/bundle", "runc")).toEqual({
    ...SPEC,
    root: { path: "/bundle/rootfs", readonly: true },
    mounts: [{ destination: "/data", type: "bind", source: "/bundle/data", options: ["rw"] }],
  });
});

test("a specification without a root and mounts stays without", () => {
  expect(executableSpecification({ ociVersion: "1.2.0" }, "/bundle", "runc")).toEqual({
    ociVersion: "1.2.0",
  });
});

describe("for runc the source of a mount", () => {
  test.each<[string, OciMount, string | undefined]>([
    ["that binds by its type", { destination: "/d", type: "bind", source: "d" }, "/bundle/d"],
    ["that binds by an option", { destination: "/d", source: "d", options: ["bind"] }, "/bundle/d"],
    ["that binds a tree", { destination: "/d", type: "none", source: "../d", options: ["rbind"] }, "/d"],
    ["that is absolute", { destination: "/d", type: "bind", source: "/srv/d" }, "/srv/d"],
    ["that is no bind", { destination: "/d", type: "tmpfs", source: "tmpfs" }, "tmpfs"],
    ["that has none", { destination: "/d", type: "bind" }, undefined],
  ])("%s is resolved", (_, mount, source) => {
    const result = executableSpecification({ ...SPEC, mounts: [mount] }, "/bundle", "runc");
    expect(result.mounts).toEqual([source === undefined ? mount : { ...mount, source }]);
  });
});
