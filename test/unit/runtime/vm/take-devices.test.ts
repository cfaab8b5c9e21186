import { beforeEach, describe, expect, test } from "vitest";
import { Holdings } from "../../../../src/base/holdings.ts";
import { takeLinuxDevices } from "../../../../src/runtime/vm/take-linux-devices.ts";
import { takeWindowsDevices } from "../../../../src/runtime/vm/take-windows-devices.ts";
import type { OciConfig } from "../../../../src/schema/oci.ts";
import type { UtilityVm } from "../../../../src/uvm/utility-vm.ts";
import { FarSide, vmOver, type FarSideOptions } from "../../uvm/far-side.ts";

const DISK = "PCIP\\VEN_1414&DEV_00A9\\1&2&3";
const GPU = "PCIP\\VEN_10DE&DEV_1BB3\\4&5&6";
const SHARES = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\";
const PCI = "VirtualMachine/Devices/VirtualPci/";

let far: FarSide;
let vm: UtilityVm;
let guestProgram: NonNullable<FarSideOptions["program"]>;

async function boot(os: "linux" | "windows"): Promise<void> {
  far = new FarSide({ os, program: (words) => guestProgram(words) });
  vm = await vmOver(far, { Scsi: { "0": {} } });
}

function spec(devices: [id: string, idType: string][], annotations: Record<string, string> = {}): OciConfig {
  const all = devices.map(([id, idType]) => ({ id, idType }));
  return { ociVersion: "1.0.2", annotations, windows: { layerFolders: ["C:\\l", "C:\\s"], devices: all } };
}

/** GUIDs of the devices that the VM has, in their order. */
const assigned = (): string[] => [...far.host.keys()].flatMap((key) => key.split(PCI)[1] ?? []);
const had = (): number => far.host.size + far.guest.size;

describe("devices of a Linux container", () => {
  beforeEach(() => boot("linux"));

  test("are named in the guest by their GUIDs, with the type that they had", async () => {
    const holdings = new Holdings();
    const devices = await takeLinuxDevices(
      vm,
      spec([
        [DISK, "vpci"],
        [GPU, "vpci-instance-id"],
      ]),
      holdings,
    );
    const [first = "", second = ""] = assigned();
    expect(devices).toEqual([
      { id: first, idType: "vpci" },
      { id: second, idType: "vpci-instance-id" },
    ]);
    await holdings.release();
    expect(had()).toBe(0);
  });

  test("come with the drivers of GPUs if one is a GPU, read-only, once for all containers", async () => {
    const drivers = { "io.microsoft.lcow.gpuvhdpath": "D:\\packages.vhd" };
    const held = [new Holdings(), new Holdings(), new Holdings()] as const;
    await takeLinuxDevices(vm, spec([[DISK, "vpci"]], drivers), held[0]);
    expect(far.guest.size).toBe(0);
    await takeLinuxDevices(vm, spec([[GPU, "gpu"]], drivers), held[1]);
    expect(far.guest.get("/run/nvidia")).toMatchObject({ MountPath: "/run/nvidia", ReadOnly: true });
    expect(far.granted).toEqual(new Set(["D:\\packages.vhd"]));
    await takeLinuxDevices(vm, spec([[GPU, "gpu"]], drivers), held[2]);
    const calls = far.calls.length;
    await held[1].release();
    expect([assigned().length, far.calls.length]).toEqual([2, calls]);
    await held[2].release();
    await held[0].release();
    expect(had()).toBe(0);
  });

  test("that are two GPUs with different drivers are refused", async () => {
    const held = new Holdings();
    await takeLinuxDevices(vm, spec([[GPU, "gpu"]], { "io.microsoft.lcow.gpuvhdpath": "D:\\a.vhd" }), held);
    const other = spec([[DISK, "gpu"]], { "io.microsoft.lcow.gpuvhdpath": "D:\\b.vhd" });
    await expect(takeLinuxDevices(vm, other, new Holdings())).rejects.toMatchObject({
      code: "UVM_ALREADY_ATTACHED",
      message: expect.stringContaining('at "/run/nvidia"'),
    });
  });
});

describe("devices of a Windows container", () => {
  beforeEach(() => boot("windows"));

  test("are named in the guest by where its tool sees them, however many places that are", async () => {
    guestProgram = ([, , parent = ""]) => ({
      output: parent.includes(assigned()[0] ?? "-")
        ? "PCIROOT(1)#PCI(0000),PCIROOT(1)#PCI(0100)\n"
        : "VPCI(2)\n",
    });
    const holdings = new Holdings();
    const devices = await takeWindowsDevices(
      vm,
      spec([
        [DISK, "vpci"],
        [GPU, "vpci-instance-id"],
      ]),
      holdings,
    );
    expect(devices).toEqual([
      { id: "PCIROOT(1)#PCI(0000)", idType: "vpci-location-path" },
      { id: "PCIROOT(1)#PCI(0100)", idType: "vpci-location-path" },
      { id: "VPCI(2)", idType: "vpci-location-path" },
    ]);
    const tool = `${SHARES}s1\\device-util.exe`;
    expect(far.calls.filter((call) => typeof call === "string")).toEqual(
      assigned().map(
        (guid) =>
          `run ${tool} children --parentID=VMBUS\\{44c4f61d-4444-4400-9d52-802e27ede19f}\\{${guid}} --property=location`,
      ),
    );
    await holdings.release();
    expect(had()).toBe(0);
  });

  test("are awaited until they appear", async () => {
    let calls = 0;
    guestProgram = () => {
      calls += 1;
      if (calls === 1) return { exitCode: 1, errors: "no such device node" };
      return { output: calls < 4 ? "\n" : "VPCI(1)\n" };
    };
    const devices = await takeWindowsDevices(vm, spec([[DISK, "vpci"]]), new Holdings());
    expect([devices, calls]).toEqual([[{ id: "VPCI(1)", idType: "vpci-location-path" }], 4]);
  });

  test("that do not appear are told of, with what the tool says", { timeout: 20_000 }, async () => {
    guestProgram = () => ({ exitCode: 1, errors: "no such\r\n device node\r\n" });
    const holdings = new Holdings();
    await expect(takeWindowsDevices(vm, spec([[DISK, "vpci"]]), holdings)).rejects.toThrow(
      `Cannot find PCI device "${DISK}" in the VM: the guest does not see it after 5000 ms, device-util.exe ended with 1: no such; device node`,
    );
    await holdings.release();
    expect(had()).toBe(0);
  });

  test("have their drivers installed when they are there", async () => {
    guestProgram = ([word]) => (word === "cmd" ? { exitCode: 259 } : { output: "VPCI(1)\n" });
    const holdings = new Holdings();
    const annotations = { "io.microsoft.assigneddevice.kerneldrivers": "D:\\one,D:\\two" };
    await takeWindowsDevices(vm, spec([[DISK, "vpci"]], annotations), holdings);
    const install = (share: string): string =>
      `run cmd /c C:\\Windows\\System32\\pnputil.exe /add-driver ${SHARES}${share}/*.inf /subdirs /install`;
    expect(far.calls.filter((call) => typeof call === "string").slice(1)).toEqual([
      install("s2"),
      install("s3"),
    ]);
    await holdings.release();
    expect(had()).toBe(0);
  });

  test("whose drivers the guest does not take are refused", async () => {
    guestProgram = () => ({ exitCode: 2, output: "Failed to add\r\ndriver package.\r\n" });
    const annotations = { "io.microsoft.assigneddevice.kerneldrivers": "D:\\one" };
    const holdings = new Holdings();
    await expect(takeWindowsDevices(vm, spec([], annotations), holdings)).rejects.toThrow(
      'Cannot install the drivers of "D:\\one" in the VM: pnputil in the guest ended with 2: Failed to add; driver package.',
    );
    await holdings.release();
    expect(had()).toBe(0);
  });
});
