import { beforeEach, describe, expect, test } from "vitest";
import type { ModifySettingRequest } from "../../../src/schema/hcs.ts";
import type { UtilityVm } from "../../../src/uvm/utility-vm.ts";
import { FarSide, vmOver } from "./far-side.ts";

const GPU = { instancePath: "PCIP\\VEN_10DE&DEV_1BB3\\4&1F9D1F3&0&0010", virtualFunction: 0 };
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a VM is asked for a device: all that the host and the guest hear until it is gone. */
function expected(vmbusId: string, os: "linux" | "windows"): ModifySettingRequest[] {
  const ResourcePath = `VirtualMachine/Devices/VirtualPci/${vmbusId}`;
  const Settings = { Functions: [{ DeviceInstancePath: GPU.instancePath, VirtualFunction: 0 }] };
  const guest: ModifySettingRequest = {
    GuestRequest: { ResourceType: "VPCIDevice", RequestType: "Add", Settings: { VMBusGUID: vmbusId } },
  };
  return [
    { ResourcePath, RequestType: "Add", Settings },
    ...(os === "linux" ? [guest] : []),
    { ResourcePath, RequestType: "Remove" },
  ];
}

describe.each(["linux", "windows"] as const)("a device of a VM with a %s guest", (os) => {
  let far: FarSide;
  let vm: UtilityVm;
  beforeEach(async () => {
    far = new FarSide({ os });
    vm = await vmOver(far);
  });

  test("is assigned once, counted, and the host's again after its last use", async () => {
    const [{ vmbusId }, second] = await Promise.all([vm.vpci.add(GPU), vm.vpci.add(GPU)]);
    expect(vmbusId).toMatch(GUID);
    expect(second.vmbusId).toBe(vmbusId);
    await vm.vpci.remove(GPU);
    expect(far.host.size).toBe(1);
    await vm.vpci.remove(GPU);
    expect(far.calls).toEqual(expected(vmbusId, os));
    expect((await vm.vpci.add(GPU)).vmbusId).not.toBe(vmbusId);
  });

  test("is the same in any case, and another one for each function", async () => {
    const { vmbusId } = await vm.vpci.add(GPU);
    const lower = { ...GPU, instancePath: GPU.instancePath.toLowerCase() };
    expect((await vm.vpci.add(lower)).vmbusId).toBe(vmbusId);
    const virtual = { ...GPU, virtualFunction: 3 };
    const other = await vm.vpci.add(virtual);
    expect(other.vmbusId).not.toBe(vmbusId);
    expect(far.host.get(`VirtualMachine/Devices/VirtualPci/${other.vmbusId}`)).toEqual({
      Functions: [{ DeviceInstancePath: GPU.instancePath, VirtualFunction: 3 }],
    });
    await vm.vpci.remove(virtual);
    await expect(vm.vpci.remove(virtual)).rejects.toMatchObject({
      code: "UVM_NOT_ATTACHED",
      message: `Cannot remove PCI device "${GPU.instancePath}/3" from utility VM "vm": not attached`,
    });
  });

  test("that the host refuses is not there", async () => {
    far.fail(1);
    await expect(vm.vpci.add(GPU)).rejects.toMatchObject({ code: "UVM_MODIFY" });
    await expect(vm.vpci.remove(GPU)).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
    await vm.vpci.add(GPU);
    expect(far.host.size).toBe(1);
  });

  test("that the host does not take back stays counted, to be removed again", async () => {
    await vm.vpci.add(GPU);
    far.fail(1);
    await expect(vm.vpci.remove(GPU)).rejects.toMatchObject({ code: "UVM_MODIFY" });
    await vm.vpci.remove(GPU);
    expect(far.host.size).toBe(0);
  });
});

test("a device that a Linux guest does not see is taken from its VM again", async () => {
  const far = new FarSide();
  const vm = await vmOver(far);
  far.fail(2);
  await expect(vm.vpci.add(GPU)).rejects.toMatchObject({ code: "UVM_MODIFY", suppressed: [] });
  expect(far.host.size).toBe(0);
  await vm.vpci.add(GPU);
  expect(far.host.size).toBe(1);
});
