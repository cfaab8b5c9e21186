// What `annotations` and `spec --document` print of bundles for Windows, on this host.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkComputeSystem, checkContainerConfig } from "../../src/schema/validate-hcs.ts";
import type { OciConfig } from "../../src/schema/oci.ts";
import { writeBundle } from "../support/test-bundle.ts";
import { call, RUN_JS, RUNHCS, useTestHost, type CallResult } from "../support/test-host.ts";
import { lcowConfig, windowsConfig } from "../unit/oci/engine-configs.ts";

const host = useTestHost("documents");
const xenonConfig = { ...windowsConfig, windows: { ...windowsConfig.windows, hyperv: {} } };
const STAND_INS = "Ids of layers are stand-ins: only vmcompute.dll on the container's host knows them\n";
const MADE_UP =
  "The volume of the root file system is made up: Windows names it when the scratch is mounted\n";
const UNGUARDED = "How the guard of the credentials is reached is left out: only the service knows it\n";
const ASSUMED = "The files from which the VM starts are assumed: only the container's host has them\n";

const bundleOf = (config: object): string => writeBundle(host.newPath(), config as OciConfig);
const documentOf = (config: object, ...words: string[]): Promise<CallResult> =>
  host.runhcs(["spec", "--document", "--bundle", bundleOf(config), ...words]);

describe("annotations", () => {
  test("prints a table of all of them", async () => {
    const [header, ...rows] = (await host.ok("annotations")).trimEnd().split("\n");
    expect(header).toMatch(/^NAME +TYPE +DEFAULT +EFFECT$/);
    const limit = rows.find((row) => row.startsWith("io.microsoft.container.processor.limit "));
    expect(limit).toMatch(/ {3}uint32 0-10000 {3,}windows\.resources\.cpu\.maximum {3,}share of all /);
    const process = rows.find((row) => row.startsWith("microsoft.com/hostprocess-container "));
    expect(process).toMatch(/ {3}bool {3,}false {3,}refused: /);
    const privileged = rows.find((row) => row.includes(".lcow.privileged "));
    expect(privileged).toMatch(/ {3}bool {3,}false {3,}not served: /);
    expect(rows.length).toBeGreaterThan(90);
  });

  test("prints the same as JSON", async () => {
    const annotations: { name: string }[] = JSON.parse(await host.ok("annotations", "--json"));
    expect(annotations).toContainEqual({
      name: "io.microsoft.virtualmachine.lcow.preferredrootfstype",
      type: "initrd|vhd",
      default: "vhd if there is a rootfs.vhd, else initrd",
      effect: "root file system of a Linux VM: initrd.img or rootfs.vhd",
      served: true,
    });
    const table = (await host.ok("annotations")).trimEnd().split("\n").slice(1);
    expect(table.map((row) => row.split(" ")[0])).toEqual(annotations.map(({ name }) => name));
  });
});

describe("spec --document", () => {
  test("prints the document of a Windows container, and once that ids are stand-ins", async () => {
    const { code, stdout, stderr } = await documentOf(windowsConfig, "--owner", "me");
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${MADE_UP}${STAND_INS}${UNGUARDED}` });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ Owner: "me", SchemaVersion: { Major: 2, Minor: 1 }, Container: {} });
    expect(checkComputeSystem(document).faults).toEqual([]);
  });

  test("names the owner that a container has on its own host", async () => {
    for (const words of [[], ["--schema", "1.0"]]) {
      const { stdout } = await documentOf(windowsConfig, ...words);
      expect(JSON.parse(stdout)).toHaveProperty("Owner", "runhcs");
    }
  });

  test("prints that of schema 1, if asked to or for an older host", async () => {
    for (const words of [
      ["--schema", "1.0"],
      ["--os-build", "17134"],
      ["--os-build", "17134", "--schema", "1.0"],
    ]) {
      const { code, stdout } = await documentOf(windowsConfig, ...words);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ SystemType: "Container", HvPartition: false });
      expect(checkContainerConfig(JSON.parse(stdout)).faults).toEqual([]);
    }
  });

  test("tells that an older host does not know schema 2", async () => {
    const { stderr } = await documentOf(xenonConfig, "--os-build", "17134", "--schema", "2.1");
    expect(stderr).toBe(`Windows build 17134 knows no schema 2.1, 1.0 is used\n${STAND_INS}`);
  });

  test("prints a container with hypervisor isolation and, with --vm, its utility VM", async () => {
    for (const config of [xenonConfig, lcowConfig]) {
      const container = JSON.parse((await documentOf(config)).stdout);
      expect(checkComputeSystem(container).faults).toEqual([]);
      expect(container.HostingSystemId).toMatch(/@vm$/);
      const vm = await documentOf(config, "--vm", "--os-build", "20348");
      expect(vm).toMatchObject({ code: 0, stderr: config === lcowConfig ? ASSUMED : "" });
      expect(checkComputeSystem(JSON.parse(vm.stdout)).faults).toEqual([]);
      expect(JSON.parse(vm.stdout)).toHaveProperty("VirtualMachine.ComputeTopology.Processor.Count");
    }
  });

  test("prints the same on Node as compiled", async () => {
    const words = ["spec", "--document", "--bundle", bundleOf(xenonConfig)];
    const node = await call(process.execPath, [RUN_JS, ...words], host.folder);
    expect(node).toEqual(await call(RUNHCS, words, host.folder));
    expect(node.code).toBe(0);
  });

  test.each<[string, object, string[], string]>([
    [
      "an annotation that is wrong",
      { ...windowsConfig, annotations: { "io.microsoft.container.memory.sizeinmb": "1G" } },
      [],
      'Cannot read the annotations: /annotations/io.microsoft.container.memory.sizeinmb is "1G", must be a whole number from 0 to 17592186044415\n',
    ],
    [
      "a Linux container of schema 1",
      lcowConfig,
      ["--schema", "1.0"],
      "schema 1.0 knows no Linux containers\n",
    ],
    ["a schema that does not exist", windowsConfig, ["--schema", "2.0"], "it is 1.0 or 2.1\n"],
    ["a build before the first", windowsConfig, ["--os-build", "1"], "14393"],
    ["the VM of a container without one", windowsConfig, ["--vm"], ": the container has none\n"],
  ])("refuses %s in one line", async (_, config, words, end) => {
    const { code, stdout, stderr } = await documentOf(config, ...words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).toContain(end);
  });

  test.each([["--vm"], ["--schema", "2.1"], ["--os-build", "17763"]])(
    "is needed for %s",
    async (...words) => {
      const folder = bundleOf(windowsConfig);
      const before = readFileSync(join(folder, "config.json"), "utf8");
      const { code, stderr } = await host.runhcs(["spec", "--bundle", folder, ...words]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: `Cannot use ${words[0]} without --document\n` });
      expect(readFileSync(join(folder, "config.json"), "utf8")).toBe(before);
    },
  );
});
