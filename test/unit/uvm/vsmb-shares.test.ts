import { beforeEach, describe, expect, test } from "vitest";
import type { UtilityVm } from "../../../src/uvm/utility-vm.ts";
import { UtilityVm as Vm } from "../../../src/uvm/utility-vm.ts";
import { windowsVmOptions } from "../../../src/oci/documents/vm/windows-vm-options.ts";
import { windowsVm } from "../../../src/oci/documents/vm/windows-vm.ts";
import type { VirtualSmbShare } from "../../../src/schema/hcs.ts";
import { notingHost } from "../oci/documents/test-host.ts";
import { FarSide, vmOver } from "./far-side.ts";

const ROOT = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\";
const PATH = "VirtualMachine/Devices/VirtualSmb/Shares";
const FOLDER = { hostPath: "C:\\layers\\base", readOnly: true };
const FILE = { hostPath: "C:\\data\\a.txt", readOnly: false, isFile: true };

let far: FarSide;
let vm: UtilityVm;
beforeEach(async () => {
  far = new FarSide({ os: "windows" });
  vm = await vmOver(far);
});

test("a layer is shared, and all that back", async () => {
  expect(await vm.vsmb.add(FOLDER, vm.vsmb.layerOptions())).toBe(`${ROOT}s1`);
  expect(vm.vsmb.guestPath(FOLDER)).toBe(`${ROOT}s1`);
  await vm.vsmb.remove(FOLDER);
  expect(far.calls).toEqual([
    {
      ResourcePath: PATH,
      RequestType: "Add",
      Settings: {
        Name: "s1",
        Path: "C:\\layers\\base",
        Options: {
          ReadOnly: true,
          ShareRead: true,
          CacheIo: true,
          PseudoOplocks: true,
          TakeBackupPrivilege: true,
        },
      },
    },
    { ResourcePath: PATH, RequestType: "Remove", Settings: { Name: "s1" } },
  ]);
});

test("uses are counted; a writable share of a folder is another one", async () => {
  const spellings = ["C:\\layers\\base", "C:\\layers\\base\\", "c:/Layers/x/../base"];
  const paths = await Promise.all(spellings.map((hostPath) => vm.vsmb.add({ hostPath, readOnly: true })));
  expect(new Set(paths)).toEqual(new Set([`${ROOT}s1`]));
  expect(await vm.vsmb.add({ ...FOLDER, readOnly: false })).toBe(`${ROOT}s2`);
  expect(far.requests).toHaveLength(2);
  for (const hostPath of spellings) await vm.vsmb.remove({ hostPath, readOnly: true });
  expect([...far.host.keys()]).toEqual([`${PATH}/s2`]);
  await expect(vm.vsmb.remove(FOLDER)).rejects.toMatchObject({
    code: "UVM_NOT_ATTACHED",
    message:
      'Cannot remove VSMB share "C:\\layers\\base" from utility VM "vm": C:\\layers\\base is not present as a VSMB share in vm, cannot remove',
  });
});

test("names count in hexadecimal digits, and are not used again", async () => {
  const paths: string[] = [];
  for (let number = 1; number <= 16; number++) {
    paths.push(await vm.vsmb.add({ hostPath: `C:\\${number}`, readOnly: true }));
  }
  expect(paths.at(9)).toBe(`${ROOT}sa`);
  await vm.vsmb.remove({ hostPath: "C:\\16", readOnly: true });
  expect(await vm.vsmb.add({ hostPath: "C:\\", readOnly: true })).toBe(`${ROOT}s11`);
  expect(far.requests.at(-1)).toMatchObject({ Settings: { Path: "C:\\" } });
});

test("files share their folder, of which the guest sees no others", async () => {
  const other = { ...FILE, hostPath: "C:\\data\\b.txt" };
  expect(await vm.vsmb.add(FILE)).toBe(`${ROOT}s1\\a.txt`);
  expect(await vm.vsmb.add(other)).toBe(`${ROOT}s1\\b.txt`);
  expect(await vm.vsmb.add({ ...FILE, hostPath: "C:\\DATA\\A.TXT" })).toBe(`${ROOT}s1\\A.TXT`);
  const share = { Name: "s1", Path: "C:\\data" };
  const Options = { RestrictFileAccess: true, SingleFileMapping: true };
  expect(far.requests).toEqual([
    {
      ResourcePath: PATH,
      RequestType: "Add",
      Settings: { ...share, AllowedFiles: ["C:\\data\\a.txt"], Options },
    },
    {
      ResourcePath: PATH,
      RequestType: "Update",
      Settings: { ...share, AllowedFiles: ["C:\\data\\a.txt", "C:\\data\\b.txt"], Options },
    },
  ]);
  expect(await vm.vsmb.add({ hostPath: "C:\\data", readOnly: false })).toBe(`${ROOT}s2`);
  await vm.vsmb.remove(other);
  await expect(vm.vsmb.remove(other)).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
  await vm.vsmb.remove(FILE);
  expect(vm.vsmb.guestPath(FILE)).toBe(`${ROOT}s1\\a.txt`);
  await vm.vsmb.remove(FILE);
  expect([...far.host.keys()]).toEqual([`${PATH}/s2`]);
});

test("a file that the service refuses is not counted", async () => {
  await vm.vsmb.add(FILE);
  const other = { ...FILE, hostPath: "C:\\data\\b.txt" };
  far.fail(1);
  await expect(vm.vsmb.add(other)).rejects.toMatchObject({ code: "UVM_MODIFY" });
  await expect(vm.vsmb.remove(other)).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
  await vm.vsmb.remove(FILE);
  expect(far.host.size).toBe(0);
});

test("a share that could not be removed still is one", async () => {
  await vm.vsmb.add(FOLDER);
  far.fail(1);
  await expect(vm.vsmb.remove(FOLDER)).rejects.toMatchObject({ code: "UVM_MODIFY" });
  expect(vm.vsmb.guestPath(FOLDER)).toBe(`${ROOT}s1`);
  await vm.vsmb.remove(FOLDER);
  expect(far.host.size).toBe(0);
});

test.each([
  ["io.microsoft.virtualmachine.fullyphysicallybacked", { NoDirectmap: true }],
  ["io.microsoft.virtualmachine.wcow.virtualSMB.nodirectmap", { NoDirectmap: true }],
  ["io.microsoft.virtualmachine.disablecompartmentnamespace", {}],
])("the shares of a VM made with %s have the options %j", async (name, options) => {
  const windows = { layerFolders: ["C:\\layers\\base", "C:\\scratch"], hyperv: {} };
  const spec = { ociVersion: "1.0.2", annotations: { [name]: "true" }, windows };
  const made = windowsVmOptions(spec, { id: "vm", owner: "tester" }, "C:\\layers\\base\\UtilityVM");
  const physical = await Vm.create(far, { id: "vm", os: "windows", document: windowsVm(made, notingHost()) });
  await physical.vsmb.add(FOLDER, physical.vsmb.layerOptions());
  await physical.vsmb.add({ ...FILE, isFile: false });
  expect(far.requests.map(({ Settings }) => (Settings as VirtualSmbShare).Options)).toEqual([
    expect.objectContaining({ ReadOnly: true, TakeBackupPrivilege: true, ...options }),
    options,
  ]);
});

test("what the host cannot map into memory is shared without, whoever asks for it", async () => {
  far.unmappable.add("\\\\server\\share\\data");
  const remote = { hostPath: "\\\\server\\share\\data\\", readOnly: true };
  await vm.vsmb.add(remote, vm.vsmb.layerOptions());
  await vm.vsmb.add({ hostPath: "\\\\server\\share\\data\\a.txt", readOnly: false, isFile: true });
  await vm.vsmb.add(FOLDER);
  const options = far.requests.map(({ Settings }) => (Settings as VirtualSmbShare).Options?.NoDirectmap);
  expect(options).toEqual([true, true, undefined]);
  far.unopenable = "C:\\gone";
  await expect(vm.vsmb.add({ hostPath: "C:\\gone", readOnly: true })).rejects.toMatchObject({
    code: "UVM_MODIFY",
  });
  expect(far.requests).toHaveLength(3);
});

describe("refuses", () => {
  test("to find what is not shared", () => {
    expect(() => vm.vsmb.guestPath(FOLDER)).toThrow(
      'Cannot find VSMB share "C:\\layers\\base" of utility VM "vm": not attached',
    );
    expect(() => vm.vsmb.guestPath({ ...FOLDER, hostPath: "" })).toThrow(
      "no hostPath passed to GetVSMBUvmPath",
    );
  });

  test("a Linux guest", async () => {
    const linux = await vmOver(new FarSide());
    await expect(linux.vsmb.add(FOLDER)).rejects.toMatchObject({ code: "UVM_NOT_SUPPORTED" });
    await expect(linux.vsmb.remove(FOLDER)).rejects.toMatchObject({ code: "UVM_NOT_SUPPORTED" });
  });
});
