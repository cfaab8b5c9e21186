import { expect, test } from "vitest";
import { absolutePaths } from "../../../src/oci/absolute-paths.ts";

test("relative sources of folders and files start at the bundle, all others stay", () => {
  const sources = (mounts: { source?: string; type?: string }[]): (string | undefined)[] => {
    const config = { ociVersion: "1.0.2", mounts: mounts.map((mount) => ({ destination: "/x", ...mount })) };
    return absolutePaths(config, "/bundle").mounts?.map(({ source }) => source) ?? [];
  };
  expect(
    sources([
      { source: "data" },
      { source: "../one", type: "bind" },
      { source: "/there" },
      { source: "proc", type: "proc" },
      { source: "disk.vhdx", type: "virtual-disk" },
      { source: "\\\\.\\PHYSICALDRIVE1", type: "physical-disk" },
      { source: "c://data" },
      { source: "sandbox://pod", type: "bind" },
      { source: "\\\\.\\pipe\\engine" },
      { source: "" },
      {},
    ]),
  ).toEqual([
    "/bundle/data",
    "/one",
    "/there",
    "proc",
    "/bundle/disk.vhdx",
    "\\\\.\\PHYSICALDRIVE1",
    "/bundle/c:/data",
    "sandbox://pod",
    "\\\\.\\pipe\\engine",
    "",
    undefined,
  ]);
  expect(absolutePaths({ ociVersion: "1.0.2" }, "/bundle")).toEqual({ ociVersion: "1.0.2" });
});

test("the root of a Linux container starts at the bundle, that of a Windows container is a volume", () => {
  const root = (path: string, linux?: object): string | undefined =>
    absolutePaths(
      { ociVersion: "1.0.2", root: { path }, ...(linux === undefined ? {} : { linux }) },
      "/bundle",
    ).root?.path;
  expect([root("rootfs", {}), root("/there", {}), root("", {})]).toEqual(["/bundle/rootfs", "/there", ""]);
  expect(root("\\\\?\\Volume{1}\\")).toBe("\\\\?\\Volume{1}\\");
});
