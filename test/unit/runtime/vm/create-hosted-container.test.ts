import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Holdings } from "../../../../src/base/holdings.ts";
import { createHostedContainer } from "../../../../src/runtime/vm/create-hosted-container.ts";
import type { HostedRequest } from "../../../../src/runtime/vm/hosted-request.ts";
import { checkComputeSystem } from "../../../../src/schema/validate-hcs.ts";
import type { OciConfig } from "../../../../src/schema/oci.ts";
import type { UtilityVm } from "../../../../src/uvm/utility-vm.ts";
import { notingHost } from "../../oci/documents/test-host.ts";
import { FarSide, vmOver, type FarSideOptions } from "../../uvm/far-side.ts";

const E1 = "7a5c0d1e-0000-4000-8000-0000000000e1";
const E2 = "7a5c0d1e-0000-4000-8000-0000000000e2";
const NETWORK = { id: "6d1b4c7e-0000-4000-8000-000000000001", endpoints: [{ ID: E1 }, { ID: E2 }] };

const GPU_DISK = "io.microsoft.lcow.gpuvhdpath";
const DRIVERS = "io.microsoft.assigneddevice.kerneldrivers";

let folder: string;
let far: FarSide;
let vm: UtilityVm;
/** What the guest's programs say. */
let guestProgram: NonNullable<FarSideOptions["program"]>;

beforeEach(() => {
  guestProgram = () => ({ output: "PCIROOT(2)#PCI(0000)\n" });
  folder = mkdtempSync(join(tmpdir(), "runhcs-hosted-"));
  for (const name of ["base", "top"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "layer.vhd"), "conectix");
  }
  scratch("scratch");
  writeFileSync(join(folder, "file"), "");
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Makes a folder with a scratch. */
function scratch(name: string): string {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, "sandbox.vhdx"), "vhdxfile");
  return join(folder, name);
}

async function boot(os: "linux" | "windows", vpmem = 4): Promise<void> {
  far = new FarSide({ os, program: (words) => guestProgram(words) });
  const pmem = os === "linux" && vpmem > 0 ? { VirtualPMem: { MaximumCount: vpmem } } : {};
  vm = await vmOver(far, { Scsi: { "0": {} }, ...pmem });
}

function request(spec: Partial<OciConfig>, options: Partial<HostedRequest["options"]> = {}): HostedRequest {
  const folders = [join(folder, "top"), join(folder, "base"), join(folder, "scratch")];
  return {
    options: {
      id: "c1",
      owner: "tester",
      spec: { ociVersion: "1.0.2", root: { path: "" }, windows: { layerFolders: folders }, ...spec },
      hostingSystem: { id: "vm", os: vm.os, processorCount: 2, isTemplate: false },
      ...options,
    },
    host: notingHost({ processors: 8, osBuild: 18362 }),
    network: undefined,
  };
}

/** Makes a container. @returns what it has of the VM */
async function create(container: HostedRequest, holdings = new Holdings()): Promise<Holdings> {
  await createHostedContainer(vm, container, holdings);
  return holdings;
}

/** The document of a container, which has to obey its schema. */
function documentOf(id: string): NonNullable<ReturnType<typeof far.containers.get>> {
  const document = far.containers.get(id);
  expect(checkComputeSystem(document).faults).toEqual([]);
  return document ?? {};
}

describe.each(["linux", "windows"] as const)("a container in a %s VM", (os) => {
  const mounts = (): OciConfig["mounts"] => {
    const type = os === "linux" ? { type: "bind" } : {};
    return [
      { destination: "C:\\folder", source: folder, options: ["ro"], ...type },
      { destination: "C:\\file", source: join(folder, "file"), ...type },
      { destination: "C:\\disk", source: "D:\\one.vhdx", type: "virtual-disk" },
      { destination: "C:\\drive", source: "\\\\.\\PHYSICALDRIVE1", type: "physical-disk" },
      ...(os === "windows" ? [{ destination: "\\\\.\\pipe\\in", source: "\\\\.\\pipe\\out" }] : []),
    ];
  };
  const spec = (): Partial<OciConfig> => ({
    ...(os === "linux" ? { linux: {} } : {}),
    mounts: mounts() ?? [],
    annotations: { [os === "linux" ? GPU_DISK : DRIVERS]: folder },
    windows: {
      layerFolders: [join(folder, "top"), join(folder, "base"), join(folder, "scratch")],
      devices: [
        { id: "PCIP\\VEN_1414\\1/2", idType: "vpci-instance-id" },
        { id: "PCIP\\VEN_10DE\\2", idType: os === "linux" ? "gpu" : "vpci" },
      ],
    },
  });

  beforeEach(() => boot(os));

  test("gets what it asks for, and leaves nothing when that is given back", async () => {
    const networkNamespace = NETWORK.id;
    const holdings = await create({
      ...request(spec(), { networkNamespace }),
      network: NETWORK,
    });
    expect(documentOf("c1")).toMatchObject({
      HostingSystemId: "vm",
      ShouldTerminateOnLastHandleClosed: true,
    });
    expect(vm.networks.endpoints(NETWORK.id)).toEqual([E1, E2]);
    expect(far.host.size).toBeGreaterThan(6);
    await holdings.release();
    expect([far.host.size, far.guest.size]).toEqual([0, 0]);
    await holdings.release();
  });

  test("leaves nothing whichever call fails, and can then be made", async () => {
    await create({ ...request(spec()), network: NETWORK }).then((held) => held.release());
    const calls = far.calls.length;
    for (let number = 1; number <= calls / 2; number++) {
      far.fail(number);
      const attempt = create({ ...request(spec()), network: NETWORK });
      await expect(attempt, `call ${number}`).rejects.toThrow(/./);
      expect([far.host.size, far.guest.size], `call ${number}`).toEqual([0, 0]);
    }
    far.fail();
    const holdings = await create({ ...request(spec()), network: NETWORK });
    await holdings.release();
  });

  test("hands over what it holds if it is asked not to release that on failure", async () => {
    far.fail(0);
    const all = await create(request(spec()));
    const last = far.calls.length;
    await all.release();
    far.fail(last);
    const held = new Holdings();
    const attempt = create(request(spec(), { doNotReleaseResourcesOnFailure: true }), held);
    await expect(attempt).rejects.toThrow(/./);
    expect(far.host.size).toBeGreaterThan(4);
    await held.release();
    expect([far.host.size, far.guest.size]).toEqual([0, 0]);
  });

  test("keeps what a failure cannot give back, to give it back later", async () => {
    const all = await create(request(spec()));
    const last = far.calls.length;
    await all.release();
    far.fail(last, last + 1);
    const held = new Holdings();
    await expect(create(request(spec()), held)).rejects.toThrow(/./);
    expect(far.host.size + far.guest.size).toBeGreaterThan(0);
    await held.release();
    expect([far.host.size, far.guest.size]).toEqual([0, 0]);
  });

  test("is refused without the source of a mount", async () => {
    const missing = {
      ...spec(),
      mounts: [{ destination: "/x", source: join(folder, "none"), type: "bind" }],
    };
    if (os === "windows") missing.mounts = [{ destination: "C:\\x", source: join(folder, "none"), type: "" }];
    await expect(create(request(missing))).rejects.toThrow(
      /\/mounts\/0\/source cannot be looked at: could not open bind mount target: no such file/,
    );
    expect([far.host.size, far.guest.size]).toEqual([0, 0]);
  });
});

describe("a Linux container", () => {
  test("names in its document where the VM has its root and its mounts", async () => {
    await boot("linux");
    const mounts = [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/file", source: join(folder, "file"), type: "bind", options: ["rbind", "ro"] },
      { destination: "/disk", source: "D:\\one.vhdx", type: "virtual-disk" },
    ];
    await create(request({ linux: {}, mounts }));
    const { OciBundlePath, OciSpecification } = documentOf("c1").HostedSystem ?? {};
    expect(OciBundlePath).toBe("/run/gcs/c/c1");
    expect(OciSpecification).toMatchObject({
      root: { path: "/run/gcs/c/c1/rootfs" },
      mounts: [
        mounts[0],
        { source: "/run/gcs/c/c1/mounts/m1/file" },
        { source: "/run/mounts/m1", type: "none" },
      ],
    });
    expect(far.guest.get("layers /run/gcs/c/c1/rootfs")).toMatchObject({
      Layers: [{ Path: "/tmp/p0" }, { Path: "/tmp/p1" }],
      ScratchPath: "/run/gcs/c/c1",
    });
    const shares = [...far.host.values()].filter((settings) => "AllowedFiles" in Object(settings));
    expect(shares).toEqual([expect.objectContaining({ Path: folder, AllowedFiles: ["file"] })]);
  });

  test("has layers as disks where persistent memory has no place left", async () => {
    await boot("linux", 1);
    await create(request({ linux: {} }));
    expect(far.guest.get("layers /run/gcs/c/c1/rootfs")).toMatchObject({
      Layers: [{ Path: "/tmp/p0" }, { Path: "/tmp/S0/0" }],
    });
  });

  test("shares a scratch with others of its pod, each in a folder of its own, until the last is gone", async () => {
    await boot("linux");
    mkdirSync(join(folder, "linked"));
    symlinkSync(join(folder, "scratch", "sandbox.vhdx"), join(folder, "linked", "sandbox.vhdx"));
    const layerFolders = [join(folder, "base"), join(folder, "linked")];
    const first = await create(request({ linux: {} }));
    const second = await create(request({ linux: {}, windows: { layerFolders } }, { id: "c2" }));
    expect(far.guest.get("layers /run/gcs/c/c2/rootfs")).toMatchObject({
      ScratchPath: "/run/gcs/c/c1/container_c2",
    });
    await first.release();
    expect(far.guest.has("/run/gcs/c/c1")).toBe(true);
    // The disk stays where the first had it, with what the first has written.
    const third = await create(request({ linux: {} }));
    expect(far.guest.get("layers /run/gcs/c/c1/rootfs")).toMatchObject({
      ScratchPath: "/run/gcs/c/c1/container_c1",
    });
    await third.release();
    await second.release();
    expect([far.host.size, far.guest.size]).toEqual([0, 0]);
  });

  test("can have a folder of the host for its root", async () => {
    await boot("linux");
    await create(request({ linux: {}, root: { path: folder, readonly: true } }));
    expect(far.guest.get("/run/gcs/c/c1/rootfs")).toMatchObject({ ReadOnly: true });
    expect(documentOf("c1").HostedSystem?.OciSpecification).toMatchObject({
      root: { path: "/run/gcs/c/c1/rootfs", readonly: true },
    });
  });

  test("gets no single file where the host could only share the whole folder", async () => {
    await boot("linux");
    const mounts = [{ destination: "/file", source: join(folder, "file"), type: "bind" }];
    const old = { ...request({ linux: {}, mounts }), host: notingHost({ osBuild: 18361 }) };
    await expect(create(old)).rejects.toThrow(
      "/mounts/0/source is a file: single-file mappings are not supported on this build of Windows, 18361",
    );
    expect([far.host.size, far.guest.size]).toEqual([0, 0]);
    await create({ ...old, host: notingHost({ osBuild: 18362 }) });
  });

  test("tells which layer is missing", async () => {
    await boot("linux");
    rmSync(join(folder, "base", "layer.vhd"));
    await expect(create(request({ linux: {} }))).rejects.toThrow(
      /^Cannot attach layer ".*layer.vhd": no such file or directory$/,
    );
    expect([far.host.size, far.guest.size]).toEqual([0, 0]);
  });
});

describe("a Windows container", () => {
  beforeEach(() => boot("windows"));

  test("names in its document the shares of its layers and mounts, and the pipe", async () => {
    const mounts = [
      { destination: "C:\\data", source: folder, options: ["ro"] },
      { destination: "\\\\.\\pipe\\in", source: "\\\\.\\pipe\\out" },
    ];
    await create(request({ mounts }));
    await create(request({ windows: { layerFolders: [join(folder, "base"), scratch("s2")] } }, { id: "c2" }));
    const root = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\";
    expect(documentOf("c1").HostedSystem?.Container).toMatchObject({
      Storage: { Path: "C:\\c\\1", Layers: [{ Path: `${root}s1` }, { Path: `${root}s2` }] },
      MappedDirectories: [{ HostPath: `${root}s3`, ContainerPath: "C:\\data", ReadOnly: true }],
      MappedPipes: [{ HostPath: `${root}IPC$\\out`, ContainerPipeName: "in" }],
    });
    // The second one uses the share of the layer that both have.
    expect(documentOf("c2").HostedSystem?.Container).toMatchObject({
      Storage: { Path: "C:\\c\\2", Layers: [{ Path: `${root}s2` }] },
    });
  });

  test("reaches the guard of its credentials by a service of its VM, until it is gone", async () => {
    const guard = {
      Id: "c1",
      CredentialGuard: { Cookie: "Y29va2ll", RpcEndpoint: "guard", Transport: "HvSocket" as const },
      HvSocketConfig: { ServiceId: E1, ServiceConfig: { AllowWildcardBinds: true } },
    };
    const holdings = await create({ ...request({}), guard });
    expect(documentOf("c1").HostedSystem?.Container?.ContainerCredentialGuard).toEqual(guard.CredentialGuard);
    const service = `VirtualMachine/Devices/HvSocket/HvSocketConfig/ServiceTable/${E1}`;
    expect(far.host.get(service)).toEqual({ AllowWildcardBinds: true });
    await holdings.release();
    expect([far.host.size, far.guest.size]).toEqual([0, 0]);
  });

  test("has its share of the host's processors turned into one of the VM's, if it is asked to", async () => {
    const windows = {
      layerFolders: [join(folder, "base"), join(folder, "scratch")],
      resources: { cpu: { maximum: 2500 } },
    };
    const plain = await create(request({ windows }));
    expect(documentOf("c1").HostedSystem?.Container?.Processor).toEqual({ Maximum: 2500 });
    await plain.release();
    await create(request({ windows }, { scaleCpuLimitsToSandbox: true }));
    expect(documentOf("c1").HostedSystem?.Container?.Processor).toEqual({ Maximum: 10_000 });
  });
});
