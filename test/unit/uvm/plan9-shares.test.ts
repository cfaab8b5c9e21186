import { beforeEach, describe, expect, test } from "vitest";
import type { UtilityVm } from "../../../src/uvm/utility-vm.ts";
import { FarSide, vmOver } from "./far-side.ts";

const FOLDER = { hostPath: "C:\\data", guestPath: "/run/gcs/c/1/mounts/m0", readOnly: false };

let far: FarSide;
let vm: UtilityVm;
beforeEach(async () => {
  far = new FarSide();
  vm = await vmOver(far);
});

test("a folder is shared and mounted, and all that back", async () => {
  await vm.plan9.add(FOLDER);
  await vm.plan9.remove(FOLDER.hostPath, FOLDER.guestPath);
  const path = "VirtualMachine/Devices/Plan9/Shares";
  const share = { Name: "0", AccessName: "0", Port: 564 };
  const mount = { MountPath: FOLDER.guestPath, ShareName: "0", Port: 564, ReadOnly: false };
  expect(far.calls).toEqual([
    {
      ResourcePath: path,
      RequestType: "Add",
      Settings: { ...share, Path: "C:\\data", Flags: 4 },
    },
    { GuestRequest: { ResourceType: "MappedDirectory", RequestType: "Add", Settings: mount } },
    { GuestRequest: { ResourceType: "MappedDirectory", RequestType: "Remove", Settings: mount } },
    { ResourcePath: path, RequestType: "Remove", Settings: share },
  ]);
});

test.each([
  [{ readOnly: true }, { Flags: 5 }],
  [
    { readOnly: false, allowedFiles: ["a"] },
    { Flags: 0x84, AllowedFiles: ["a"] },
  ],
  [
    { readOnly: true, allowedFiles: ["a"] },
    { Flags: 0x85, AllowedFiles: ["a"] },
  ],
])("with %o the share has %o", async (options, settings) => {
  await vm.plan9.add({ ...FOLDER, ...options });
  expect(far.requests[0]).toMatchObject({ Settings: settings });
  expect(far.requests[1]).toMatchObject({ GuestRequest: { Settings: { ReadOnly: options.readOnly } } });
});

test("uses of one place are counted; each place is a share, with the next number", async () => {
  await Promise.all([vm.plan9.add(FOLDER), vm.plan9.add(FOLDER)]);
  await vm.plan9.add({ ...FOLDER, guestPath: "/two" });
  expect([...far.host.keys()].map((key) => key.split("/").at(-1))).toEqual(["0", "1"]);
  await vm.plan9.remove(FOLDER.hostPath, FOLDER.guestPath);
  expect(far.host.size).toBe(2);
  await vm.plan9.remove(FOLDER.hostPath, FOLDER.guestPath);
  await vm.plan9.remove(FOLDER.hostPath, "/two");
  expect(far.host.size + far.guest.size).toBe(0);
});

describe("refuses", () => {
  test("another folder, and the same with other options, at a place that is taken", async () => {
    await vm.plan9.add(FOLDER);
    const others = [{ hostPath: "C:\\other" }, { readOnly: true }, { allowedFiles: ["a"] }];
    for (const other of others) {
      await expect(vm.plan9.add({ ...FOLDER, ...other })).rejects.toMatchObject({
        code: "UVM_ALREADY_ATTACHED",
      });
    }
    await vm.plan9.remove(FOLDER.hostPath, FOLDER.guestPath);
    expect(far.host.size).toBe(0);
  });

  test("to remove what is not there, or is another's", async () => {
    await vm.plan9.add(FOLDER);
    for (const [host, guest] of [
      ["C:\\other", FOLDER.guestPath],
      [FOLDER.hostPath, "/two"],
    ] as const) {
      await expect(vm.plan9.remove(host, guest)).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
    }
    expect(far.host.size).toBe(1);
  });

  test("a folder without a place in the guest", async () => {
    await expect(vm.plan9.add({ ...FOLDER, guestPath: "" })).rejects.toMatchObject({
      code: "UVM_GUEST_PATH",
      message: 'Cannot add Plan9 share "C:\\data" to utility VM "vm": uvmPath must be passed to AddPlan9',
    });
  });

  test("a Windows guest", async () => {
    const windows = await vmOver(new FarSide({ os: "windows" }));
    await expect(windows.plan9.add(FOLDER)).rejects.toMatchObject({ code: "UVM_NOT_SUPPORTED" });
    await expect(windows.plan9.remove("a", "/b")).rejects.toMatchObject({ code: "UVM_NOT_SUPPORTED" });
  });
});

test("a failure of the guest ends the share on the host", async () => {
  far.fail(2);
  await expect(vm.plan9.add(FOLDER)).rejects.toMatchObject({ code: "UVM_MODIFY", suppressed: [] });
  expect(far.host.size).toBe(0);
  await vm.plan9.add(FOLDER);
  expect(far.guest.has(FOLDER.guestPath)).toBe(true);
});
