import { beforeEach, describe, expect, test } from "vitest";
import type { UtilityVm } from "../../../src/uvm/utility-vm.ts";
import { FarSide, vmOver } from "./far-side.ts";

const DISK = { hostPath: "C:\\scratch\\sandbox.vhdx", guestPath: "/run/mounts/m1" };

describe("in a Linux guest", () => {
  let far: FarSide;
  let vm: UtilityVm;
  beforeEach(async () => {
    far = new FarSide();
    vm = await vmOver(far, { Scsi: { "0": {} } });
  });

  test("a disk is granted, attached and mounted; unmounted and detached", async () => {
    expect(await vm.scsi.addDisk(DISK)).toMatchObject({
      controller: 0,
      lun: 0,
      guestPath: "/run/mounts/m1",
    });
    await vm.scsi.remove(DISK.hostPath);
    expect(far.calls).toEqual([
      "grant vm C:\\scratch\\sandbox.vhdx",
      {
        ResourcePath: "VirtualMachine/Devices/Scsi/0/Attachments/0",
        RequestType: "Add",
        Settings: { Type: "VirtualDisk", Path: "C:\\scratch\\sandbox.vhdx" },
      },
      {
        GuestRequest: {
          ResourceType: "MappedVirtualDisk",
          RequestType: "Add",
          Settings: { MountPath: "/run/mounts/m1", Lun: 0, Controller: 0, ReadOnly: false },
        },
      },
      {
        GuestRequest: {
          ResourceType: "MappedVirtualDisk",
          RequestType: "Remove",
          Settings: { MountPath: "/run/mounts/m1", Lun: 0, Controller: 0 },
        },
      },
      { ResourcePath: "VirtualMachine/Devices/Scsi/0/Attachments/0", RequestType: "Remove" },
    ]);
  });

  test("a layer is read-only, at the path of its location, and counted", async () => {
    await vm.scsi.addDisk(DISK);
    const layer = { controller: 0, lun: 1, guestPath: "/tmp/S0/1", isLayer: true };
    expect(await vm.scsi.addLayer("C:\\layer.vhd")).toMatchObject(layer);
    expect(await vm.scsi.addLayer("C:\\layer.vhd")).toMatchObject(layer);
    expect(far.requests.slice(2)).toEqual([
      expect.objectContaining({
        Settings: { Type: "VirtualDisk", Path: "C:\\layer.vhd", ReadOnly: true },
      }),
      expect.objectContaining({
        GuestRequest: expect.objectContaining({
          Settings: { MountPath: "/tmp/S0/1", Lun: 1, Controller: 0, ReadOnly: true },
        }),
      }),
    ]);
    await vm.scsi.remove("C:\\layer.vhd");
    expect(vm.scsi.find("C:\\layer.vhd")).toMatchObject(layer);
    await vm.scsi.remove("C:\\layer.vhd");
    expect(vm.scsi.find("C:\\layer.vhd")).toBeUndefined();
    expect([...far.guest.keys()]).toEqual(["/run/mounts/m1"]);
  });

  test("a physical disk is passed through; without a path the guest only hears of its end", async () => {
    await vm.scsi.addDisk({ hostPath: "\\\\.\\PHYSICALDRIVE1", type: "PassThru", readOnly: true });
    await vm.scsi.remove("\\\\.\\PHYSICALDRIVE1");
    expect(far.requests).toEqual([
      expect.objectContaining({
        Settings: { Type: "PassThru", Path: "\\\\.\\PHYSICALDRIVE1", ReadOnly: true },
      }),
      {
        GuestRequest: {
          ResourceType: "MappedVirtualDisk",
          RequestType: "Remove",
          Settings: { Lun: 0, Controller: 0 },
        },
      },
      expect.objectContaining({ RequestType: "Remove" }),
    ]);
  });

  test("each takes the first location that is free", async () => {
    for (const name of ["a", "b", "c"]) await vm.scsi.addDisk({ hostPath: name });
    await vm.scsi.remove("b");
    expect(await vm.scsi.addDisk({ hostPath: "d" })).toMatchObject({ controller: 0, lun: 1 });
    expect(await vm.scsi.addDisk({ hostPath: "e" })).toMatchObject({ controller: 0, lun: 3 });
  });

  test("two calls at once for one layer attach it once and count it twice", async () => {
    const both = await Promise.all([vm.scsi.addLayer("l"), vm.scsi.addLayer("l"), vm.scsi.addLayer("m")]);
    expect(both.map(({ lun }) => lun)).toEqual([0, 0, 1]);
    expect(far.requests).toHaveLength(4);
    await Promise.all([vm.scsi.remove("l"), vm.scsi.remove("l"), vm.scsi.remove("m")]);
    expect(far.host.size + far.guest.size).toBe(0);
    await expect(vm.scsi.remove("l")).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
  });

  test("a disk cannot be added twice, neither as another kind nor at another's place", async () => {
    await vm.scsi.addDisk(DISK);
    await vm.scsi.addLayer("layer");
    const twice = [
      () => vm.scsi.addDisk(DISK),
      () => vm.scsi.addLayer(DISK.hostPath),
      () => vm.scsi.addDisk({ hostPath: "layer" }),
      () => vm.scsi.addDisk({ ...DISK, hostPath: "other" }),
    ];
    for (const call of twice) await expect(call()).rejects.toMatchObject({ code: "UVM_ALREADY_ATTACHED" });
    await expect(vm.scsi.addDisk(DISK)).rejects.toThrow(
      'Cannot add SCSI disk "C:\\scratch\\sandbox.vhdx" to utility VM "vm": already attached',
    );
    expect(far.requests).toHaveLength(4);
    expect(vm.scsi.find("other")).toBeUndefined();
  });

  test("what is not attached cannot be removed", async () => {
    await expect(vm.scsi.remove("none")).rejects.toThrow(
      'Cannot remove SCSI disk "none" from utility VM "vm": not attached',
    );
  });

  test("a failure of the guest takes the disk from the host, and keeps the words of the service", async () => {
    far.fail(3);
    const adding = vm.scsi.addDisk(DISK);
    await expect(adding).rejects.toMatchObject({
      code: "UVM_MODIFY",
      message: expect.stringMatching(
        /^Cannot add SCSI disk ".*" to utility VM "vm": failed to modify UVM with new SCSI mount: Cannot modify "vm"/,
      ),
      cause: expect.objectContaining({ code: "HCS_E_FAIL" }),
      suppressed: [],
    });
    expect(far.host.size).toBe(0);
    expect(far.requests.at(-1)).toMatchObject({ RequestType: "Remove" });
    expect(vm.scsi.find(DISK.hostPath)).toBeUndefined();
  });

  test("a failure of the roll-back is suppressed, and the location is not given to others", async () => {
    far.fail(3, 4);
    await expect(vm.scsi.addDisk(DISK)).rejects.toMatchObject({ suppressed: [{ code: "HCS_E_FAIL" }] });
    far.fail();
    expect(await vm.scsi.addDisk({ hostPath: "other" })).toMatchObject({ lun: 1 });
    await expect(vm.scsi.remove(DISK.hostPath)).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
    expect(await vm.scsi.addDisk({ ...DISK, guestPath: "/elsewhere" })).toMatchObject({ lun: 0 });
    expect([...far.guest.keys()]).toEqual(["/elsewhere"]);
  });

  test("a removal that failed on the host can be made again, and an addition mounts again", async () => {
    await vm.scsi.addLayer("l");
    far.fail(2);
    await expect(vm.scsi.remove("l")).rejects.toThrow(
      'Cannot remove SCSI disk "l" from utility VM "vm": failed to remove SCSI disk l from container vm: ',
    );
    far.fail();
    expect(far.guest.size).toBe(0);
    await vm.scsi.addLayer("l");
    expect(far.guest.size).toBe(1);
    await vm.scsi.remove("l");
    expect(far.guest.size).toBe(1);
    await vm.scsi.remove("l");
    expect(far.host.size + far.guest.size).toBe(0);
  });

  test("a refused grant leaves the location free", async () => {
    far.fail(1);
    await expect(vm.scsi.addDisk(DISK)).rejects.toMatchObject({ code: "UVM_MODIFY" });
    far.fail();
    expect(await vm.scsi.addDisk({ hostPath: "other" })).toMatchObject({ lun: 0 });
  });
});

describe("locations", () => {
  async function fill(controllers: number): Promise<[FarSide, UtilityVm]> {
    const far = new FarSide();
    const scsi = Object.fromEntries(Array.from({ length: controllers }, (_, key) => [String(key), {}]));
    const vm = await vmOver(far, { Scsi: scsi });
    for (let count = 0; count < controllers * 64; count++) await vm.scsi.addDisk({ hostPath: `${count}` });
    return [far, vm];
  }

  test("the 65th disk of one controller is one too many", async () => {
    const [far, vm] = await fill(1);
    await expect(vm.scsi.addLayer("more")).rejects.toMatchObject({
      code: "UVM_TOO_MANY_ATTACHMENTS",
      message: 'Cannot add SCSI disk "more" to utility VM "vm": too many SCSI attachments',
    });
    await vm.scsi.remove("63");
    expect(await vm.scsi.addLayer("more")).toMatchObject({ guestPath: "/tmp/S0/63" });
    expect(far.host.size).toBe(64);
  });

  test("four controllers take 256, and no more are possible", async () => {
    const [far, vm] = await fill(4);
    expect(vm.scsi.find("255")).toMatchObject({ controller: 3, lun: 63 });
    expect(far.host.size).toBe(256);
    await expect(vm.scsi.addDisk({ hostPath: "more" })).rejects.toMatchObject({
      code: "UVM_NO_LOCATION",
      message: 'Cannot add SCSI disk "more" to utility VM "vm": no available location',
    });
  });

  test("controllers that the document names by GUIDs have numbers in the guest", async () => {
    const far = new FarSide();
    const guids = ["df6d0690-79e5-55b6-a5ec-c1e2f77f580a", "0110f83b-de10-5172-a266-78bca56bf50a"];
    const Attachments = Object.fromEntries(
      Array.from({ length: 64 }, (_, lun) => [String(lun), { Path: `own-${lun}` }]),
    );
    const vm = await vmOver(far, { Scsi: { [guids[0] ?? ""]: { Attachments }, [guids[1] ?? ""]: {} } });
    expect(await vm.scsi.addDisk({ hostPath: "a" })).toMatchObject({ controller: 1, lun: 0 });
    await vm.scsi.remove("a");
    expect(far.requests[0]?.ResourcePath).toBe(`VirtualMachine/Devices/Scsi/${guids[1]}/Attachments/0`);
    expect(far.requests[1]).toMatchObject({ GuestRequest: { Settings: { Controller: 1, Lun: 0 } } });
  });

  test("without a controller nothing is possible", async () => {
    const vm = await vmOver(new FarSide(), {});
    const message = "no SCSI controllers configured for this utility VM";
    const calls = [() => vm.scsi.addDisk(DISK), () => vm.scsi.addLayer("l"), () => vm.scsi.remove("l")];
    for (const call of calls) {
      const found = { code: "UVM_NO_SCSI_CONTROLLERS", message: expect.stringContaining(message) };
      await expect(call()).rejects.toMatchObject(found);
    }
  });
});

describe("in a Windows guest", () => {
  let far: FarSide;
  let vm: UtilityVm;
  beforeEach(async () => {
    far = new FarSide({ os: "windows" });
    const scratch = { Type: "VirtualDisk", Path: "C:\\vm\\sandbox.vhdx" } as const;
    vm = await vmOver(far, { Scsi: { "0": { Attachments: { "0": scratch } } } });
  });

  test("0:0 is the scratch of the VM, which stays", async () => {
    expect(await vm.scsi.addDisk({ hostPath: "other" })).toMatchObject({ controller: 0, lun: 1 });
    const scratch = "C:\\vm\\sandbox.vhdx";
    await expect(vm.scsi.addDisk({ hostPath: scratch })).rejects.toMatchObject({
      code: "UVM_ALREADY_ATTACHED",
    });
    await expect(vm.scsi.remove(scratch)).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
  });

  test("a disk is mounted by its LUN; without a path the guest hears nothing", async () => {
    await vm.scsi.addDisk({ hostPath: "a", guestPath: "C:\\c\\1" });
    await vm.scsi.addDisk({ hostPath: "b" });
    await vm.scsi.remove("b");
    await vm.scsi.remove("a");
    const settings = { ContainerPath: "C:\\c\\1", Lun: 1 };
    expect(far.requests.flatMap(({ GuestRequest }) => GuestRequest ?? [])).toEqual([
      { ResourceType: "MappedVirtualDisk", RequestType: "Add", Settings: settings },
      { ResourceType: "MappedVirtualDisk", RequestType: "Remove", Settings: settings },
    ]);
    expect(far.host.size).toBe(0);
  });

  test("layers are not attached as disks", async () => {
    await expect(vm.scsi.addLayer("l")).rejects.toMatchObject({
      code: "UVM_SCSI_LAYER_WCOW",
      message: 'Cannot add SCSI disk "l" to utility VM "vm": SCSI attached layers are not supported for WCOW',
    });
    expect(far.calls).toEqual([]);
  });
});
