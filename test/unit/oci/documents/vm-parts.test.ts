import { describe, expect, test } from "vitest";
import { UsageError } from "../../../../src/base/errors.ts";
import { linuxVmOptions } from "../../../../src/oci/documents/vm/linux-vm-options.ts";
import { linuxVm } from "../../../../src/oci/documents/vm/linux-vm.ts";
import { mergeDocument } from "../../../../src/oci/documents/vm/merge-document.ts";
import { pmemDevice } from "../../../../src/oci/documents/vm/pmem.ts";
import { scsiAttachment } from "../../../../src/oci/documents/vm/scsi-disk.ts";
import {
  type LinuxVmOptions,
  memoryBacking,
  type WindowsVmOptions,
} from "../../../../src/oci/documents/vm/vm-options.ts";
import { vmMemoryInMb, vmProcessorCount } from "../../../../src/oci/documents/vm/vm-size.ts";
import { vsmbShare, vsmbShareName } from "../../../../src/oci/documents/vm/vsmb-share.ts";
import { windowsVmOptions } from "../../../../src/oci/documents/vm/windows-vm-options.ts";
import { windowsVm } from "../../../../src/oci/documents/vm/windows-vm.ts";
import { bundleErrorOf } from "../bundle-folder.ts";
import { expectValid } from "./expect-valid.ts";
import { notingHost, windowsSpec } from "./test-host.ts";

const identity = { id: "c@vm", owner: "tester" };
const bootFiles = { folder: "C:\\boot", has: () => false };
const linuxSpec = windowsSpec({}, { linux: {} });
const modern = notingHost({ osBuild: 20348 });
const linuxDefaults = linuxVmOptions(linuxSpec, identity, bootFiles, modern);
const windowsDefaults = windowsVmOptions(windowsSpec({ hyperv: {} }), identity, "C:\\l\\base\\UtilityVM");

describe("the size of a VM", () => {
  test.each([
    [0, 1, 1],
    [0, 2, 2],
    [0, 64, 2],
    [3, 4, 3],
    [4, 4, 4],
    [5, 4, 4],
  ])("asked for %d processors on a host with %d is %d", (requested, processors, count) => {
    const host = notingHost({ processors });
    expect(vmProcessorCount(requested, host)).toBe(count);
    expect(host.warnings).toEqual(requested > processors ? ["The VM's 5 processors are cut to 4"] : []);
  });

  test("is an even number of MiB", () => {
    const host = notingHost();
    expect([1, 2, 1023, 1024].map((size) => vmMemoryInMb(size, host))).toEqual([2, 2, 1024, 1024]);
    expect(host.warnings).toEqual([
      "The VM's memory of 1 MiB is rounded up to 2",
      "The VM's memory of 1023 MiB is rounded up to 1024",
    ]);
  });

  test("follows where its memory comes from", () => {
    expect(memoryBacking("Virtual")).toEqual({ allowOvercommit: true, enableDeferredCommit: false });
    expect(memoryBacking("VirtualDeferred")).toEqual({ allowOvercommit: true, enableDeferredCommit: true });
    expect(memoryBacking("Physical")).toEqual({ allowOvercommit: false, enableDeferredCommit: false });
  });
});

describe("a Linux VM is refused", () => {
  test.each<[Partial<LinuxVmOptions>, number, string]>([
    [{ scsiControllerCount: 2 }, 20348, "SCSI controller count is 2, must be 0 or 1"],
    [{ vpmemDeviceCount: 129 }, 20348, "VPMem device count is 129, must be at most 128"],
    [{ vpmemSizeBytes: 4097 }, 20348, "size of VPMem devices is 4097, must be a multiple of 4096"],
    [
      { rootFsType: "vhd", vpmemDeviceCount: 0 },
      20348,
      "a root file system of type vhd needs a VPMem device",
    ],
    [{}, 18285, "starting a kernel without firmware needs Windows build 18286, the host's is 18285"],
    [
      { enableColdDiscardHint: true },
      18966,
      "the cold discard hint needs Windows build 18967, the host's is 18966",
    ],
    [
      { enableDeferredCommit: true, allowOvercommit: false },
      20348,
      "deferred commit needs memory that can be overcommitted",
    ],
  ])("with %j on build %d", (parts, osBuild, problem) => {
    const action = () => linuxVm({ ...linuxDefaults, ...parts }, notingHost({ osBuild }));
    expect(bundleErrorOf(action).message).toBe(`Cannot make a Linux utility VM: ${problem}`);
  });

  test("with all its faults at once", () => {
    const parts = { scsiControllerCount: 3, vpmemDeviceCount: 200 };
    expect(bundleErrorOf(() => linuxVm({ ...linuxDefaults, ...parts }, modern)).faults).toHaveLength(2);
  });
});

describe("a Linux VM has", () => {
  test("up to 128 devices of persistent memory, and none or one SCSI controller", () => {
    const devicesOf = (parts: Partial<LinuxVmOptions>) => {
      const document = linuxVm({ ...linuxDefaults, ...parts }, modern);
      expectValid(document);
      return document.VirtualMachine?.Devices ?? {};
    };
    expect(devicesOf({ vpmemDeviceCount: 128 }).VirtualPMem?.MaximumCount).toBe(128);
    expect(devicesOf({ vpmemSizeBytes: 0 }).VirtualPMem).toEqual({ MaximumCount: 64 });
    expect(devicesOf({ vpmemDeviceCount: 0 })).not.toHaveProperty("VirtualPMem");
    expect(devicesOf({ scsiControllerCount: 0 })).not.toHaveProperty("Scsi");
    expect(devicesOf({}).Scsi).toEqual({ "0": {} });
  });

  test("its consoles", () => {
    const parts = { consolePipe: "\\\\.\\pipe\\vm", enableGraphicsConsole: true };
    const document = linuxVm({ ...linuxDefaults, ...parts }, modern);
    expect(document.VirtualMachine?.Devices).toMatchObject({
      ComPorts: { "0": { NamedPipe: "\\\\.\\pipe\\vm" } },
      Keyboard: {},
      EnhancedModeVideo: {},
      VideoMonitor: {},
    });
    expectValid(document);
  });

  test("no guest connection if none is wanted", () => {
    const connection = (parts: Partial<LinuxVmOptions>) =>
      linuxVm({ ...linuxDefaults, ...parts }, modern).VirtualMachine?.GuestConnection;
    expect(connection({})).toEqual({ UseVsock: true, UseConnectedSuspend: true });
    expect(connection({ useGuestConnection: false })).toBeUndefined();
    expect(connection({ externalGuestConnection: true })).toBeUndefined();
  });

  test("the newer annotation's boot files before the older's", () => {
    const annotations = {
      "io.microsoft.virtualmachine.bootfilesrootpath": "D:\\new",
      "io.microsoft.virtualmachine.lcow.bootfilesrootpath": "D:\\old",
    };
    const options = linuxVmOptions({ ...linuxSpec, annotations }, identity, bootFiles, modern);
    expect(options.bootFilesPath).toBe("D:\\new");
  });

  test("the file kernel if it may not start directly, even beside vmlinux", () => {
    const annotations = { "io.microsoft.virtualmachine.lcow.kerneldirectboot": "false" };
    const files = { folder: "C:\\boot", has: () => true };
    const options = linuxVmOptions({ ...linuxSpec, annotations }, identity, files, modern);
    expect(options).toMatchObject({ kernelDirect: false, kernelFile: "kernel", rootFsFile: "rootfs.vhd" });
    expect(linuxVmOptions(linuxSpec, identity, files, modern).kernelFile).toBe("vmlinux");
  });
});

describe("a Windows VM is refused", () => {
  test.each<[Partial<WindowsVmOptions>, string]>([
    [{ layerFolders: ["C:\\one"] }, "there must be at least 2 layer folders"],
    [
      { isTemplate: true, templateId: "x", externalGuestConnection: true },
      "saveastemplate and templateid exclude each other",
    ],
    [{ isTemplate: true, allowOvercommit: false }, "a template cannot be backed by physical memory"],
    [{ templateId: "x" }, "a clone needs the external guest connection"],
    [
      { enableDeferredCommit: true, allowOvercommit: false },
      "deferred commit needs memory that can be overcommitted",
    ],
  ])("with %j", (parts, problem) => {
    const action = () => windowsVm({ ...windowsDefaults, ...parts }, notingHost());
    expect(bundleErrorOf(action).message).toBe(`Cannot make a Windows utility VM: ${problem}`);
  });
});

describe("shares", () => {
  test("of a Windows VM are named by a hexadecimal counter", () => {
    expect([1, 9, 10, 16].map(vsmbShareName)).toEqual(["s1", "s9", "sa", "s10"]);
  });

  test("of a Windows VM are written to unless they are read-only", () => {
    expect(vsmbShare("s1", "D:\\a", { isReadOnly: false })).toEqual({
      Name: "s1",
      Path: "D:\\a",
      Options: {},
    });
    expect(vsmbShare("s1", "D:\\a", { isReadOnly: true }).Options).toEqual({
      ReadOnly: true,
      ShareRead: true,
      CacheIo: true,
      PseudoOplocks: true,
    });
  });
});

describe("disks", () => {
  test("are images or the host's own", () => {
    const disk = { hostPath: "D:\\a.vhdx", isPhysical: false, isReadOnly: false };
    expect(scsiAttachment(disk)).toEqual({ Type: "VirtualDisk", Path: "D:\\a.vhdx" });
    expect(scsiAttachment({ ...disk, isPhysical: true, isReadOnly: true })).toEqual({
      Type: "PassThru",
      Path: "D:\\a.vhdx",
      ReadOnly: true,
    });
  });

  test("of persistent memory are of the format that their name says", () => {
    const formats = ["a.vhd", "a.vhdx", "a.VHDX", "a.img"].map((name) => pmemDevice(name).ImageFormat);
    expect(formats).toEqual(["Vhd1", "Vhdx", "Vhdx", "Vhd1"]);
  });
});

describe("additional JSON", () => {
  const document = linuxVm(linuxDefaults, modern);

  test("is merged member by member", () => {
    const json = '{"Owner":"me","VirtualMachine":{"StopOnReset":false,"Devices":{"Battery":{}}}}';
    const merged = linuxVm({ ...linuxDefaults, additionHcsDocumentJson: json }, modern);
    expect(merged).toEqual({
      ...document,
      Owner: "me",
      VirtualMachine: {
        ...document.VirtualMachine,
        StopOnReset: false,
        Devices: { ...document.VirtualMachine?.Devices, Battery: {} },
      },
    });
    expectValid(merged);
  });

  test("replaces what is no object, and keeps large numbers", () => {
    expect(
      mergeDocument({ a: [1, 2], b: { c: 1 }, d: 1 }, '{"a":[3],"b":null,"d":18446744073709551615}'),
    ).toEqual({
      a: [3],
      b: null,
      d: 18446744073709551615n,
    });
  });

  test("changes neither the document that it is merged over nor any prototype", () => {
    const before = structuredClone(document);
    mergeDocument(document, '{"VirtualMachine":{"Devices":{"Scsi":{"1":{}}}},"__proto__":{"bad":1}}');
    expect(document).toEqual(before);
    expect({}).not.toHaveProperty("bad");
  });

  test.each([
    ["{", /^Cannot merge additional JSON "\{": [^\n]+$/],
    ["[]", /^Cannot merge additional JSON "\[\]": it is an empty array, must be an object$/],
    ['"x"', /must be an object$/],
    ["null", /must be an object$/],
  ])("is refused if it is %s", (json, message) => {
    expect(() => mergeDocument({}, json)).toThrow(UsageError);
    expect(() => mergeDocument({}, json)).toThrow(message);
  });
});
