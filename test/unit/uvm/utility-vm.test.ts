import { expect, test } from "vitest";
import { UtilityVm } from "../../../src/uvm/utility-vm.ts";
import { FarSide, vmOver } from "./far-side.ts";

const document = { VirtualMachine: { Devices: {} } };

test("a VM is made from the document that is given, and does what its system does", async () => {
  const far = new FarSide();
  const vm = await UtilityVm.create(far, { id: "vm", os: "linux", document });
  expect(far.document).toBe(document);
  expect([vm.id, vm.os, vm.computeSystem]).toEqual(["vm", "linux", far]);
  await vm.start();
  await vm.terminate();
  await vm.wait();
  expect(far.calls).toEqual(["create vm", "start", "terminate", "wait"]);
});

test("close ends the VM, waits, and closes the handle, once", async () => {
  const far = new FarSide();
  const vm = await vmOver(far);
  await Promise.all([vm.close(), vm.close()]);
  await vm.close();
  expect(far.calls).toEqual(["terminate", "wait", "close"]);
});

test.each([
  ["terminate", 1, ["terminate", "close"]],
  ["wait", 2, ["terminate", "wait", "close"]],
])("close gives the handle back even if %s fails", async (_, number, calls) => {
  const far = new FarSide();
  const vm = await vmOver(far);
  far.fail(number);
  await vm.close();
  expect(far.calls).toEqual(calls);
});

test("close tells of a handle that cannot be given back", async () => {
  const far = new FarSide();
  const vm = await vmOver(far);
  far.fail(3);
  await expect(vm.close()).rejects.toMatchObject({ code: "HCS_E_FAIL" });
});

test("containers are numbered from 1", async () => {
  const vm = await vmOver(new FarSide());
  expect([vm.nextContainerNumber(), vm.nextContainerNumber()]).toEqual([1, 2]);
});

test("the guest is asked for its capabilities once", async () => {
  const far = new FarSide();
  const vm = await vmOver(far);
  expect(await vm.capabilities()).toEqual({ NamespaceAddRequestSupported: true });
  await vm.capabilities();
  expect(far.calls).toEqual(["properties GuestConnection"]);
});

test.each([
  [{}, "the document has no VirtualMachine"],
  [
    { VirtualMachine: { Devices: { VirtualPMem: { MaximumCount: 129 } } } },
    "UVM options incorrect: VPMem device count cannot be greater than 128, found 129",
  ],
  [
    { VirtualMachine: { Devices: { Scsi: { "0": {}, "1": {}, "2": {}, "3": {}, "4": {} } } } },
    "UVM options incorrect: SCSI controllers must be at most 4, named by GUIDs or numbered from 0 without a gap, found 0, 1, 2, 3, 4",
  ],
  [
    { VirtualMachine: { Devices: { Scsi: { "1": {} } } } },
    "UVM options incorrect: SCSI controllers must be at most 4, named by GUIDs or numbered from 0 without a gap, found 1",
  ],
  [
    { VirtualMachine: { Devices: { Scsi: { a: {} } } } },
    "UVM options incorrect: SCSI controllers must be at most 4, named by GUIDs or numbered from 0 without a gap, found a",
  ],
])("%j makes no VM", async (wrong, found) => {
  const far = new FarSide();
  await expect(UtilityVm.create(far, { id: "vm", os: "linux", document: wrong })).rejects.toMatchObject({
    code: "UVM_OPTIONS",
    message: `Cannot make utility VM "vm": ${found}`,
  });
  expect(far.calls).toEqual([]);
});

test("a VM that the service refuses is none", async () => {
  const far = new FarSide();
  far.fail(1);
  await expect(UtilityVm.create(far, { id: "vm", os: "linux", document })).rejects.toMatchObject({
    code: "HCS_E_FAIL",
  });
});

const ResourcePath = "VirtualMachine/Devices/Plan9/Shares";
const Settings = { Name: "7" };
const mount = { MountPath: "/m", ShareName: "7" };
const guest = (RequestType: "Add" | "Remove") =>
  ({ ResourceType: "MappedDirectory", RequestType, Settings: mount }) as const;

test("a document for both sides begins on the host to add, and in the guest to remove", async () => {
  const far = new FarSide();
  const vm = await vmOver(far);
  await vm.modify({ ResourcePath, RequestType: "Add", Settings, GuestRequest: guest("Add") });
  await vm.modify({ ResourcePath, RequestType: "Remove", Settings, GuestRequest: guest("Remove") });
  expect(far.calls).toEqual([
    { ResourcePath, RequestType: "Add", Settings },
    { GuestRequest: guest("Add") },
    { GuestRequest: guest("Remove") },
    { ResourcePath, RequestType: "Remove", Settings },
  ]);
});

test("a document that the guest refuses is taken back from the host", async () => {
  const far = new FarSide();
  const vm = await vmOver(far);
  const adding = { ResourcePath, RequestType: "Add", Settings, GuestRequest: guest("Add") } as const;
  far.fail(2);
  await expect(vm.modify(adding)).rejects.toMatchObject({ code: "HCS_E_FAIL", suppressed: [] });
  expect(far.host.size).toBe(0);
  far.fail(2, 3);
  await expect(vm.modify(adding)).rejects.toMatchObject({ suppressed: [{ code: "HCS_E_FAIL" }] });
});

test("an update that the guest refuses cannot be taken back, and is not", async () => {
  const far = new FarSide();
  const vm = await vmOver(far);
  await vm.modify({ ResourcePath, RequestType: "Add", Settings });
  far.fail(2);
  const updating = { ResourcePath, RequestType: "Update", Settings, GuestRequest: guest("Add") } as const;
  await expect(vm.modify(updating)).rejects.toMatchObject({ code: "HCS_E_FAIL" });
  expect(far.calls).toHaveLength(3);
  expect(far.host.size).toBe(1);
});

test.each([
  [{ ResourcePath: "VirtualMachine/ComputeTopology/Memory/SizeInMB", Settings: 512 }],
  [{ GuestRequest: { ResourceType: "CombinedLayers", RequestType: "Add", Settings: {} } }] as const,
])("a document for one side is passed on: %j", async (request) => {
  const far = new FarSide();
  const vm = await vmOver(far);
  await vm.modify(request);
  expect(far.calls).toEqual([request]);
});
