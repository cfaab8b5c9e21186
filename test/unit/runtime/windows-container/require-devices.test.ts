import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv } from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RuntimeError } from "../../../../src/base/errors.ts";
import { requireDevices } from "../../../../src/runtime/windows-container/require-devices.ts";
import type { RuntimeOnWindows } from "../../../../src/runtime/windows-container/runtime-on-windows.ts";

const PCI = "io.microsoft.virtualmachine.lcow.vpcienabled";
const DRIVERS = "io.microsoft.assigneddevice.kerneldrivers";
const GPU_DISK = "io.microsoft.lcow.gpuvhdpath";

let folder: string;
let program: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-devices-"));
  writeFileSync(join(folder, "packages.vhd"), "");
  // The program under test, beside which the tool is looked for.
  program = argv[1] ?? "";
  mkdirSync(join(folder, "bin"));
  argv[1] = join(folder, "bin", "run.js");
  writeFileSync(join(folder, "bin", "device-util.exe"), "");
});
afterEach(() => {
  argv[1] = program;
  rmSync(folder, { recursive: true });
});

interface Placed {
  kind: "lcow" | "xenon" | "argon";
  types?: readonly string[];
  annotations?: Record<string, string>;
  /** Annotations of the container that the VM was made for; the VM is the container's own without. */
  ofPod?: Record<string, string>;
  osBuild?: number;
}

/** @returns what is refused; undefined if nothing is */
function refusal({
  kind,
  types = [],
  annotations = {},
  ofPod,
  osBuild = 19_041,
}: Placed): string | undefined {
  const loadConfiguration = (id: string): string =>
    JSON.stringify(id === "pod" ? { annotations: ofPod } : {});
  const runtime = { windows: { osBuild }, store: { loadConfiguration } } as unknown as RuntimeOnWindows;
  const devices = types.map((idType) => ({ id: "PCIP\\VEN_1\\1", idType }));
  const spec = { ociVersion: "1.0.2", annotations, windows: { layerFolders: ["a"], devices } };
  const vm = { host: ofPod === undefined ? "web" : "pod", id: "web@vm", pipe: "" };
  try {
    requireDevices(runtime, { id: "web", spec, kind, vm });
    return undefined;
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return error.message;
  }
}

const toVm = (found: string): string => `Cannot give the devices of container "web" to its VM: ${found}`;
const notAnnotated = (name: string, found: string): string =>
  `Cannot give the VM the devices of the container: /annotations/${name.replaceAll("/", "~1")} ${found}`;

describe("a container in a VM", () => {
  test("without devices needs nothing for them, on any build", () => {
    rmSync(join(folder, "bin", "device-util.exe"));
    for (const kind of ["lcow", "xenon", "argon"] as const)
      expect(refusal({ kind, osBuild: 17_763 })).toBe(undefined);
  });

  test("is refused them before the build that assigns devices", () => {
    const old = { types: ["vpci"], osBuild: 19_040 };
    const found = toVm("they are assigned from Windows build 19041 on, this is build 19040");
    expect(refusal({ kind: "xenon", ...old })).toBe(found);
    expect(refusal({ kind: "lcow", ...old, annotations: { [PCI]: "true" } })).toBe(found);
    expect(refusal({ kind: "xenon", types: ["vpci"] })).toBe(undefined);
  });
});

describe("a Windows container", () => {
  test("needs the tool that finds devices, also one that a pod has isolated", () => {
    for (const kind of ["xenon", "argon"] as const)
      expect(refusal({ kind, types: ["vpci-instance-id"] })).toBe(undefined);
    const tool = join(folder, "bin", "device-util.exe");
    rmSync(tool);
    for (const kind of ["xenon", "argon"] as const)
      expect(refusal({ kind, types: ["vpci-instance-id"] })).toBe(toVm(`there is no file "${tool}"`));
    mkdirSync(tool);
    expect(refusal({ kind: "xenon", types: ["vpci"] })).toBe(toVm(`there is no file "${tool}"`));
  });

  test("needs the folders of its drivers", () => {
    const drivers = (text: string): Placed => ({ kind: "xenon", annotations: { [DRIVERS]: text } });
    expect(refusal(drivers(`${folder},${join(folder, "bin")}`))).toBe(undefined);
    expect(refusal(drivers(`${folder},drivers`))).toBe(
      notAnnotated(DRIVERS, 'names "drivers", must name absolute paths'),
    );
    for (const name of ["none", "packages.vhd"]) {
      const path = join(folder, name);
      expect(refusal(drivers(path))).toBe(notAnnotated(DRIVERS, `names "${path}", which is no folder`));
    }
  });
});

describe("a Linux container", () => {
  test("needs a VM with PCI, its own or that of its pod", () => {
    const types = ["vpci"];
    const found = (host: string): string =>
      toVm(`the VM of container "${host}" has no PCI, as the annotation "${PCI}" of that is not "true"`);
    expect(refusal({ kind: "lcow", types })).toBe(found("web"));
    expect(refusal({ kind: "lcow", types, annotations: { [PCI]: "false" } })).toBe(found("web"));
    expect(refusal({ kind: "lcow", types, annotations: { [PCI]: "True" } })).toBe(undefined);
    expect(refusal({ kind: "lcow", types, annotations: { [PCI]: "true" }, ofPod: {} })).toBe(found("pod"));
    expect(refusal({ kind: "lcow", types, ofPod: { [PCI]: "true" } })).toBe(undefined);
  });

  test("needs a disk with drivers for a GPU only", () => {
    const gpu = (annotations: Record<string, string>): Placed => ({
      kind: "lcow",
      types: ["vpci", "gpu"],
      annotations: { [PCI]: "true", ...annotations },
    });
    expect(refusal(gpu({ [GPU_DISK]: join(folder, "packages.vhd") }))).toBe(undefined);
    expect(refusal(gpu({}))).toBe(
      notAnnotated(GPU_DISK, "is missing, must name the disk with drivers of GPUs"),
    );
    expect(refusal(gpu({ [GPU_DISK]: "packages.vhd" }))).toBe(
      notAnnotated(GPU_DISK, 'names "packages.vhd", must name absolute paths'),
    );
    expect(refusal(gpu({ [GPU_DISK]: folder }))).toBe(
      notAnnotated(GPU_DISK, `names "${folder}", which is no file`),
    );
  });

  test("is refused drivers, which only a Windows guest installs", () => {
    expect(refusal({ kind: "lcow", annotations: { [DRIVERS]: folder } })).toBe(
      notAnnotated(DRIVERS, "is there, but drivers are installed in VMs with a Windows guest only"),
    );
  });
});
