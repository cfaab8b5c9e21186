import { beforeEach, describe, expect, test } from "vitest";
import { UtilityVm } from "../../../src/uvm/utility-vm.ts";
import { FarSide, vmOver } from "./far-side.ts";

describe("in a Linux guest", () => {
  let far: FarSide;
  let vm: UtilityVm;
  beforeEach(async () => {
    far = new FarSide();
    vm = await vmOver(far, { VirtualPMem: { MaximumCount: 3, MaximumSizeBytes: 4096 } });
  });

  test("an exposed image is granted, attached and mounted; and all that back", async () => {
    const image = { hostPath: "C:\\l\\layer.vhd", expose: true };
    expect(await vm.vpmem.add(image)).toEqual({ number: 0, guestPath: "/tmp/p0" });
    await vm.vpmem.remove(image.hostPath);
    const guest = { ResourceType: "VPMemDevice", Settings: { DeviceNumber: 0, MountPath: "/tmp/p0" } };
    const path = "VirtualMachine/Devices/VirtualPMem/Devices/0";
    expect(far.calls).toEqual([
      "grant vm C:\\l\\layer.vhd",
      {
        ResourcePath: path,
        RequestType: "Add",
        Settings: { HostPath: "C:\\l\\layer.vhd", ReadOnly: true, ImageFormat: "Vhd1" },
      },
      { GuestRequest: { ...guest, RequestType: "Add" } },
      { GuestRequest: { ...guest, RequestType: "Remove" } },
      { ResourcePath: path, RequestType: "Remove" },
    ]);
  });

  test("uses are counted, and the lowest free number is taken", async () => {
    const add = (hostPath: string): Promise<{ number: number }> => vm.vpmem.add({ hostPath, expose: true });
    expect(await Promise.all([add("a"), add("a"), add("b"), add("c")])).toMatchObject([
      { number: 0 },
      { number: 0 },
      { number: 1 },
      { number: 2 },
    ]);
    expect(far.requests).toHaveLength(6);
    await vm.vpmem.remove("a");
    await expect(add("d")).rejects.toMatchObject({ code: "UVM_NO_LOCATION" });
    await vm.vpmem.remove("a");
    expect(await add("d")).toMatchObject({ number: 0 });
  });

  test("an image that was not exposed is mounted when it is to be, and a failure of that harms nobody", async () => {
    expect(await vm.vpmem.add({ hostPath: "a", expose: false })).toEqual({
      number: 0,
      guestPath: undefined,
    });
    expect(far.guest.size).toBe(0);
    far.fail(1);
    await expect(vm.vpmem.add({ hostPath: "a", expose: true })).rejects.toThrow(
      'Cannot add VPMEM device "a" to utility VM "vm": uvm::AddVPMEM: failed to modify utility VM configuration: ',
    );
    expect(far.host.size).toBe(1);
    expect(await vm.vpmem.add({ hostPath: "a", expose: true })).toMatchObject({ guestPath: "/tmp/p0" });
    expect(vm.vpmem.find("a")).toMatchObject({ guestPath: "/tmp/p0" });
    await vm.vpmem.remove("a");
    await vm.vpmem.remove("a");
    expect(far.host.size + far.guest.size).toBe(0);
    await expect(vm.vpmem.remove("a")).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
  });

  test("a failure of the guest takes the image from the host", async () => {
    far.fail(3);
    await expect(vm.vpmem.add({ hostPath: "a", expose: true })).rejects.toMatchObject({
      code: "UVM_MODIFY",
    });
    expect(far.host.size).toBe(0);
    expect(await vm.vpmem.add({ hostPath: "b", expose: true })).toMatchObject({ number: 0 });
  });

  test("an image that a device cannot hold is refused", async () => {
    const image = { hostPath: "big", expose: true, sizeBytes: 4097 };
    await expect(vm.vpmem.add(image)).rejects.toMatchObject({
      code: "UVM_LAYER_TOO_LARGE",
      message: 'Cannot add VPMEM device "big" to utility VM "vm": layer size is to large for VPMEM max size',
      hint: "Attach the layer as a SCSI disk.",
    });
    expect(await vm.vpmem.add({ ...image, sizeBytes: 4096 })).toMatchObject({ number: 0 });
  });

  test("the format of an image is told by its name", async () => {
    await vm.vpmem.add({ hostPath: "a.VHDX", expose: false });
    expect(far.requests[0]).toMatchObject({ Settings: { ImageFormat: "Vhdx" } });
  });
});

test("device 0 is the root file system of a VM that boots from a VHD, and stays", async () => {
  const far = new FarSide();
  const vm = await vmOver(far, { VirtualPMem: { Devices: { "0": { HostPath: "rootfs.vhd" } } } });
  expect(await vm.vpmem.add({ hostPath: "a", expose: true })).toMatchObject({ number: 1 });
  expect(await vm.vpmem.add({ hostPath: "rootfs.vhd", expose: true })).toEqual({ number: 0, guestPath: "/" });
  await vm.vpmem.remove("rootfs.vhd");
  await expect(vm.vpmem.remove("rootfs.vhd")).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
  expect(far.requests).toHaveLength(2);
});

test.each([
  [undefined, 0],
  [{}, 64],
  [{ MaximumCount: 128 }, 128],
])("a VM with %o has room for %i", async (VirtualPMem, count) => {
  const vm = await vmOver(new FarSide(), VirtualPMem === undefined ? {} : { VirtualPMem });
  for (let number = 0; number < count; number++) {
    expect(await vm.vpmem.add({ hostPath: `${number}`, expose: false })).toMatchObject({ number });
  }
  const message = 'Cannot add VPMEM device "more" to utility VM "vm": no available location';
  await expect(vm.vpmem.add({ hostPath: "more", expose: true })).rejects.toMatchObject({ message });
});

test("a Windows guest has none", async () => {
  const vm = await vmOver(new FarSide({ os: "windows" }));
  const adding = vm.vpmem.add({ hostPath: "a", expose: true });
  await expect(adding).rejects.toMatchObject({
    code: "UVM_NOT_SUPPORTED",
    message: expect.stringMatching(/: not supported$/),
  });
  await expect(vm.vpmem.remove("a")).rejects.toMatchObject({ code: "UVM_NOT_SUPPORTED" });
});
