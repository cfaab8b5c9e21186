import { expect, test } from "vitest";
import { containerConfig } from "../../../src/oci/container-config.ts";
import { containerDocument } from "../../../src/oci/documents/container-document.ts";
import { layeredRoot } from "../../../src/oci/layered-root.ts";
import { configFaults } from "../../../src/oci/semantic-checks.ts";
import type { OciConfig } from "../../../src/schema/oci.ts";

const WINDOWS = { layerFolders: ["C:\\layers\\2", "C:\\layers\\1", "C:\\scratch"] };
const config: OciConfig = {
  ociVersion: "1.0.2",
  process: { cwd: "/", args: ["sh"] },
  linux: {},
  windows: WINDOWS,
};

test("layers count where no root file system is named", () => {
  const layered = { layers: ["C:\\layers\\2", "C:\\layers\\1"], scratch: "C:\\scratch" };
  expect(layeredRoot(config)).toEqual(layered);
  expect(layeredRoot({ ...config, root: { path: "", readonly: true } })).toEqual(layered);
  expect(layeredRoot({ ...config, root: { path: "rootfs" } })).toBe(undefined);
  expect(layeredRoot({ ociVersion: "1.0.2", root: { path: "" } })).toBe(undefined);
});

test("the document names the layers for the compute service, top-most first, and keeps the specification whole", () => {
  const document = containerDocument({ path: "/bundle", config });
  expect(document).toEqual({
    SchemaVersion: { Major: 2, Minor: 1 },
    OciBundlePath: "/bundle",
    OciSpecification: config,
    Storage: { Layers: [{ Path: "C:\\layers\\2" }, { Path: "C:\\layers\\1" }], Path: "C:\\scratch" },
  });
  const plain = containerDocument({ path: "/bundle", config: { ...config, root: { path: "rootfs" } } });
  expect(Object.keys(plain)).not.toContain("Storage");
});

test("the root file system of a described container is its scratch, read-only if the bundle says so", () => {
  const placement = { id: "web", bundle: "/bundle", console: "", detach: true };
  expect(containerConfig(config, placement)).toMatchObject({
    rootfs: { target: "C:\\scratch" },
    readonlyRootfs: false,
  });
  const readOnly = { ...config, windows: { layerFolders: ["/l", "/s"] }, root: { path: "", readonly: true } };
  expect(containerConfig(readOnly, placement)).toMatchObject({
    rootfs: { target: "/s" },
    readonlyRootfs: true,
  });
});

test("folders of a Windows host are not looked for, those of this one are", () => {
  expect(configFaults(config, "/bundle")).toEqual([]);
  const here = { ...config, windows: { layerFolders: ["/no/layer", "/no/scratch"] } };
  expect(configFaults(here, "/bundle").map(({ pointer }) => pointer)).toEqual([
    "/windows/layerFolders/0",
    "/windows/layerFolders/1",
  ]);
  const root = { ...config, root: { path: "/no/root" } };
  expect(configFaults(root, "/bundle").map(({ pointer }) => pointer)).toEqual(["/root/path"]);
  expect(configFaults({ ...config, root: { path: "C:\\root" } }, "/bundle")).toEqual([]);
});

test("a list without a layer or without a scratch is a fault", () => {
  for (const layerFolders of [["C:\\scratch"], ["/s"]]) {
    expect(configFaults({ ...config, windows: { layerFolders } }, "/bundle")).toEqual([
      {
        pointer: "/windows/layerFolders",
        message: "found 1 folder, must be at least one layer and the scratch",
      },
    ]);
  }
  const relative = { ...config, windows: { layerFolders: ["layer", "", "C:\\scratch"] } };
  expect(configFaults(relative, "/bundle")).toEqual([
    { pointer: "/windows/layerFolders/0", message: 'found "layer", must be an absolute path' },
    { pointer: "/windows/layerFolders/1", message: 'found "", must be an absolute path' },
  ]);
});
