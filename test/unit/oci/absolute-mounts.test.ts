import { expect, test } from "vitest";
import { absoluteMounts } from "../../../src/oci/absolute-mounts.ts";

test("relative sources of folders and files start at the bundle, all others stay", () => {
  const sources = (mounts: { source?: string; type?: string }[]): (string | undefined)[] => {
    const config = { ociVersion: "1.0.2", mounts: mounts.map((mount) => ({ destination: "/x", ...mount })) };
    return absoluteMounts(config, "/bundle").mounts?.map(({ source }) => source) ?? [];
  };
  expect(
    sources([
      { source: "data" },
      { source: "../one", type: "bind" },
      { source: "/there" },
      { source: "proc", type: "proc" },
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
    "sandbox://pod",
    "\\\\.\\pipe\\engine",
    "",
    undefined,
  ]);
  expect(absoluteMounts({ ociVersion: "1.0.2" }, "/bundle")).toEqual({ ociVersion: "1.0.2" });
});
