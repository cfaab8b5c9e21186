import { statfsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BundleError } from "../../../src/base/errors.ts";
import { containerConfig, type ContainerPlacement } from "../../../src/oci/container-config.ts";
import { sandboxConfig } from "../../../src/oci/sandbox-config.ts";
import type { OciConfig, OciMount } from "../../../src/schema/oci.ts";

const PLACEMENT: ContainerPlacement = { id: "pod", bundle: "/bundles/pod", console: "", detach: false };
const SPEC: OciConfig = {
  ociVersion: "1.2.0",
  root: { path: "rootfs" },
  process: { cwd: "/", args: ["sh"] },
  linux: {},
};
const MIB = 2 ** 20;

const sandboxOf = (spec: OciConfig) => sandboxConfig(spec, PLACEMENT, { systemdCgroup: false });

describe("sandboxConfig takes", () => {
  test("id, host name, bundle and the choice of control groups", () => {
    const spec = { ...SPEC, hostname: "h1", annotations: { a: "b" } };
    expect(sandboxConfig(spec, PLACEMENT, { systemdCgroup: true })).toMatchObject({
      id: "pod",
      hostname: "h1",
      annotations: { "io.katacontainers.pkg.oci.bundle_path": "/bundles/pod" },
      systemdCgroup: true,
    });
  });

  test("what it is of a bundle that says nothing", () => {
    expect(sandboxOf(SPEC)).toMatchObject({
      hostname: "",
      networkNamespace: undefined,
      shmSize: 0,
      systemdCgroup: false,
    });
  });

  test("the container of its bundle", () => {
    expect(sandboxOf(SPEC).containers).toEqual([containerConfig(SPEC, PLACEMENT)]);
  });

  test.each<[string, { type: "network" | "pid"; path?: string }[], string | undefined]>([
    [
      "that is named",
      [
        { type: "pid", path: "/p" },
        { type: "network", path: "/n" },
      ],
      "/n",
    ],
    [
      "of the last name",
      [
        { type: "network", path: "/a" },
        { type: "network", path: "/b" },
      ],
      "/b",
    ],
    [
      "of the last name that is one",
      [
        { type: "network", path: "/a" },
        { type: "network", path: "" },
      ],
      "/a",
    ],
    ["of its own", [{ type: "network" }, { type: "pid", path: "/p" }], undefined],
  ])("the network namespace %s", (_, namespaces, path) => {
    expect(sandboxOf({ ...SPEC, linux: { namespaces } }).networkNamespace).toBe(path);
  });
});

describe("the shared memory of a sandbox", () => {
  const sizeOf = (...mounts: OciMount[]) => sandboxOf({ ...SPEC, mounts }).shmSize;

  test.each<[string, OciMount[], number]>([
    ["nothing without a mount", [{ destination: "/proc" }], 0],
    ["64 MiB unless told otherwise", [{ destination: "/dev/shm", type: "tmpfs" }], 64 * MIB],
    ["what an option says", [{ destination: "/dev/shm", options: ["nosuid", "size=65537k"] }], 65537 * 1024],
    ["the last of several options", [{ destination: "/dev/shm", options: ["size=1g", "size=3M"] }], 3 * MIB],
    ["bytes", [{ destination: "/dev/shm", options: ["size=4096"] }], 4096],
    [
      "64 MiB for a share of the host's memory",
      [{ destination: "/dev/shm", options: ["size=50%"] }],
      64 * MIB,
    ],
    ["64 MiB for no number", [{ destination: "/dev/shm", options: ["size=999999999999999g"] }], 64 * MIB],
    ["that of the host, bound", [{ destination: "/dev/shm", type: "bind", source: "/dev/shm" }], 64 * MIB],
    [
      "that of the first mount, however it is written",
      [{ destination: "/dev/./shm/", options: ["size=1m"] }, { destination: "/dev/shm" }],
      MIB,
    ],
  ])("is %s", (_, mounts, size) => {
    expect(sizeOf(...mounts)).toBe(size);
  });

  test.each<Partial<OciMount>>([{ type: "bind" }, { options: ["rbind", "size=1"] }])(
    "is as large as the file system of a folder that is bound: %j",
    (mount) => {
      const { bsize, blocks } = statfsSync("/dev");
      expect(sizeOf({ destination: "/dev/shm", source: "/dev", ...mount })).toBe(bsize * blocks);
    },
  );

  test("is refused where its folder is not", () => {
    const action = () => sizeOf({ destination: "/dev/shm", type: "bind", source: "/does/not/exist" });
    expect(action).toThrow(BundleError);
    expect(action).toThrow("Cannot configure the sandbox: /mounts/0/source cannot be looked at (ENOENT)");
  });
});

test.each(["root", "process", "linux"] as const)("sandboxConfig refuses a bundle without %s", (section) => {
  const { [section]: _, ...spec } = SPEC;
  expect(() => sandboxOf(spec)).toThrow(`/${section} is missing`);
});
