// Devices of containers in utility VMs on Windows, by the whole program: assigned, shared in a pod, and given back.
import * as fs from "node:fs";
import { join } from "node:path";
import type { OciConfig } from "../../src/schema/oci.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import type { CommandLine, CommandLineTests } from "./command-line.ts";
import { baseLayer, vmBundle } from "./vm-bundle.ts";
import { asBuild } from "./wine-build.ts";

type Guest = "windows" | "linux";

const NO_RESOURCES = 0x8007_05aa | 0;
const TYPE = "io.kubernetes.cri.container-type";
const SANDBOX = "io.kubernetes.cri.sandbox-id";
const PCI = "io.microsoft.virtualmachine.lcow.vpcienabled";
const DRIVERS = "io.microsoft.assigneddevice.kerneldrivers";
const GPU_DISK = "io.microsoft.lcow.gpuvhdpath";
const DEVICE = "PCIP\\VEN_1414&DEV_00A9\\1&2&3";
const GPU = "PCIP\\VEN_10DE&DEV_1BB3\\4&5&6";
const GUESTS = ["windows", "linux"] as const;

/** The tool beside the program, and what the double's guest does with it. */
function deviceTool({ programFolder }: CommandLine): string {
  const tool = join(programFolder, "device-util.exe");
  fs.writeFileSync(tool, "MZ");
  fs.rmSync(`${tool}.guest`, { force: true });
  return tool;
}

interface Wanted {
  devices: [id: string, idType: string][];
  annotations?: Record<string, string>;
}

/** A bundle for a container with devices. */
function bundle(place: CommandLine, guest: Guest, { devices, annotations = {} }: Wanted): string {
  const scratch = fs.mkdtempSync(join(place.folder, "scratch-"));
  fs.writeFileSync(join(scratch, "sandbox.vhdx"), "vhdxfile");
  const windows: OciConfig["windows"] = {
    layerFolders: [baseLayer(place), scratch],
    devices: devices.map(([id, idType]) => ({ id, idType })),
    ...(guest === "windows" ? { hyperv: {} } : {}),
  };
  return vmBundle(place, guest, ["silent"], { windows, annotations: { [PCI]: "true", ...annotations } });
}

const sandbox = { [TYPE]: "sandbox", [SANDBOX]: "pod" };
const member = { [TYPE]: "container", [SANDBOX]: "pod" };

/** Declares the tests. */
export function describeVmDevices({ describe, expect }: TestRunner, commands: CommandLineTests): void {
  const { refused } = commands;
  const inRoot: CommandLineTests["inRoot"] = (name, body) =>
    commands.inRoot(name, (place) => asBuild(19_041, () => body(place)));
  const count = (place: CommandLine): number => place.double.counts().Devices;

  describe("a device of a container in a VM on Windows", () => {
    for (const guest of GUESTS)
      inRoot(`is there as long as the container (${guest})`, async (place) => {
        deviceTool(place);
        await place.ok("create", "--bundle", bundle(place, guest, { devices: [] }), "plain");
        const plain = count(place);
        await place.ok("delete", "plain");
        const wanted: Wanted = {
          devices: [
            [DEVICE, "vpci-instance-id"],
            [`${GPU}/2`, "vpci"],
          ],
        };
        await place.ok("create", "--bundle", bundle(place, guest, wanted), "web");
        // A Windows guest has the share of the tool too.
        expect(count(place)).toBe(plain + (guest === "windows" ? 3 : 2));
        await place.ok("start", "web");
        // The host has the device once.
        const other = bundle(place, guest, { devices: [[DEVICE.toLowerCase(), "vpci"]] });
        await refused(
          place,
          ["create", "--bundle", other, "other"],
          /^Cannot add PCI device "pcip.*" to utility VM "other@vm": .*ERROR_INVALID_PARAMETER/,
        );
        await place.ok("delete", "--force", "web");
        await place.ok("run", "-d", "--bundle", other, "other");
        await place.ok("delete", "--force", "other");
      });

    for (const guest of GUESTS)
      inRoot(`is assigned once to the VM of a pod whose containers share it (${guest})`, async (place) => {
        deviceTool(place);
        const of = (annotations: Record<string, string>, ...devices: Wanted["devices"]): string =>
          bundle(place, guest, { devices, annotations });
        await place.ok("run", "-d", "--bundle", of(sandbox), "pod");
        const before = count(place);
        await place.ok("run", "-d", "--bundle", of(member), "plain");
        const plain = count(place) - before;
        await place.ok("delete", "--force", "plain");
        for (const id of ["one", "two"])
          await place.ok("run", "-d", "--bundle", of(member, [DEVICE, "vpci"]), id);
        const shared = guest === "windows" ? 2 : 1;
        expect(count(place) - before).toBe(2 * plain + shared);
        await place.ok("delete", "--force", "one");
        expect(count(place) - before).toBe(plain + shared);
        await place.ok("delete", "--force", "two");
        expect(count(place)).toBe(before);
        await place.ok("delete", "--force", "pod");
      });

    for (const guest of GUESTS)
      inRoot(`is given back if the container cannot be made (${guest})`, async (place) => {
        const tool = deviceTool(place);
        await place.ok(
          "create",
          "--bundle",
          bundle(place, guest, { devices: [], annotations: sandbox }),
          "pod",
        );
        const before = count(place);
        const create = (...devices: Wanted["devices"]): string[] => {
          const made = bundle(place, guest, { devices, annotations: member });
          return ["create", "--bundle", made, "one"];
        };
        place.double.control({ Function: "HcsCreateComputeSystem", Result: NO_RESOURCES, Times: 1 });
        const full = /^Cannot .*ERROR_NO_SYSTEM_RESOURCES/;
        await refused(place, create([DEVICE, "vpci"], [GPU, "vpci-instance-id"]), full);
        expect(count(place)).toBe(before);
        if (guest === "windows") {
          fs.writeFileSync(`${tool}.guest`, "refuse");
          const found = /^Cannot find PCI device "PCIP.*" in the VM: .* ended with 1: Element not found\.$/;
          await refused(place, create([DEVICE, "vpci"]), found);
          expect(count(place)).toBe(before);
          fs.writeFileSync(`${tool}.guest`, "late 2");
        }
        await place.ok(...create([DEVICE, "vpci"], [GPU, "vpci-instance-id"]));
        await place.ok("delete", "one");
        expect(count(place)).toBe(before);
        await place.ok("delete", "pod");
      });

    inRoot("gets its drivers in a Windows VM, or is given back", async (place) => {
      deviceTool(place);
      const folder = fs.mkdtempSync(join(place.folder, "drivers-"));
      const wanted: Wanted = { devices: [[DEVICE, "vpci"]], annotations: { [DRIVERS]: folder } };
      const create = ["create", "--bundle", bundle(place, "windows", wanted), "web"];
      fs.writeFileSync(`${folder}.guest`, "refuse 5");
      const failed = /^Cannot install the drivers of ".*" in the VM: pnputil .* 5: Failed to add driver/;
      await refused(place, create, failed);
      expect(place.double.counts().Systems).toBe(0);
      fs.rmSync(`${folder}.guest`);
      await place.ok(...create);
      expect(fs.readFileSync(`${folder}.installed`, "utf8")).toBe("installed ");
      await place.ok("delete", "web");
    });

    inRoot("is a GPU with its drivers on a disk in a Linux VM", async (place) => {
      const disk = join(place.folder, "packages.vhd");
      fs.writeFileSync(disk, "conectix");
      const wanted: Wanted = { devices: [[GPU, "gpu"]], annotations: { [GPU_DISK]: disk } };
      await place.ok("create", "--bundle", bundle(place, "linux", { devices: [] }), "plain");
      const plain = count(place);
      await place.ok("delete", "plain");
      await place.ok("create", "--bundle", bundle(place, "linux", wanted), "web");
      expect(count(place)).toBe(plain + 2);
      await place.ok("delete", "web");
    });

    inRoot("is refused before anything is made", async (place) => {
      const tool = deviceTool(place);
      const refuse = async (guest: Guest, wanted: Wanted, text: RegExp): Promise<void> => {
        const calls = place.double.counts().Calls;
        await refused(place, ["create", "--bundle", bundle(place, guest, wanted), "web"], text);
        expect(place.calls().length).toBe(0);
        expect(place.double.counts().Calls - calls < 5).toBe(true);
      };
      const devices: Wanted["devices"] = [[DEVICE, "vpci"]];
      const off = { [PCI]: "false" };
      await refuse(
        "linux",
        { devices, annotations: off },
        /"io\.microsoft\.virtualmachine\.lcow\.vpcienabled"/,
      );
      await refuse("linux", { devices: [[GPU, "gpu"]] }, /gpuvhdpath is missing/);
      const nowhere = { [GPU_DISK]: join(place.folder, "none.vhd") };
      await refuse(
        "linux",
        { devices: [[GPU, "gpu"]], annotations: nowhere },
        /none\.vhd", which is no file/,
      );
      const folder = { [DRIVERS]: place.folder };
      await refuse("linux", { devices: [], annotations: folder }, /with a Windows guest only/);
      for (const idType of ["vpci-location-path", "vpci-class-guid", "class", "gpu"])
        await refuse(
          "windows",
          { devices: [[DEVICE, idType]] },
          /idType is .*must be vpci-instance-id or vpci/,
        );
      const relative = { [DRIVERS]: "drivers" };
      await refuse("windows", { devices, annotations: relative }, /must name absolute paths/);
      fs.rmSync(tool);
      await refuse("windows", { devices }, /there is no file ".*device-util\.exe"/);
    });
  });
}
