import { basename } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BundleError, PlatformError, UsageError } from "../../../src/base/errors.ts";
import { ANNOTATIONS } from "../../../src/oci/annotations.ts";
import { bundleDocument, type DocumentRequest } from "../../../src/runtime/bundle-document.ts";
import type { ComputeSystem } from "../../../src/schema/hcs.ts";
import { chosenSeed, rounds } from "../../support/soak-rounds.ts";
import { makeBundle, writeConfig } from "../oci/bundle-folder.ts";
import { expectValid } from "../oci/documents/expect-valid.ts";
import { lcowConfig, podmanConfig, windowsConfig } from "../oci/engine-configs.ts";

const bundle = makeBundle();
const V1 = { Major: 1, Minor: 0 };
const UNGUARDED = "How the guard of the credentials is reached is left out: only the service knows it";
const mountedConfig = {
  ...windowsConfig,
  root: { path: "\\\\?\\Volume{11111111-2222-3333-4444-555555555555}\\" },
};
const xenonConfig = { ...windowsConfig, windows: { ...windowsConfig.windows, hyperv: {} } };

function documentOf(config: unknown, request: Partial<DocumentRequest> = {}) {
  writeConfig(bundle, config);
  return bundleDocument({ bundle, owner: "tester", ofVm: false, ...request });
}

describe("bundleDocument", () => {
  test("leaves a plain Linux bundle as it is, and has nothing to note", async () => {
    expect(await documentOf(podmanConfig)).toEqual({
      document: {
        SchemaVersion: { Major: 2, Minor: 1 },
        OciBundlePath: bundle,
        OciSpecification: podmanConfig,
      },
      notes: [],
    });
  });

  test("notes once that ids are stand-ins, where there are some", async () => {
    const note = "Ids of layers are stand-ins: only vmcompute.dll on the container's host knows them";
    const volume =
      "The volume of the root file system is made up: Windows names it when the scratch is mounted";
    expect((await documentOf(windowsConfig)).notes).toEqual([volume, note, UNGUARDED]);
    expect((await documentOf(mountedConfig)).notes).toEqual([note, UNGUARDED]);
    expect((await documentOf(xenonConfig)).notes).toEqual([note, UNGUARDED]);
    expect((await documentOf(xenonConfig, { ofVm: true })).notes).toEqual([]);
    expect((await documentOf(lcowConfig)).notes).toEqual([]);
  });

  test("makes up what devices are called in a VM, and says so", async () => {
    const devices = [{ id: "PCIP\\VEN_1414\\1", idType: "vpci-instance-id" }];
    const note = "Names of devices in the guest are made up: they are known once the VM has them";
    const xenon = { ...xenonConfig, windows: { ...xenonConfig.windows, devices } };
    const { document, notes } = await documentOf(xenon);
    expect(notes).toContain(note);
    expect(document).toMatchObject({
      HostedSystem: { Container: { AssignedDevices: [{ Type: "DeviceInstance" }] } },
    });
    const lcow = { ...lcowConfig, windows: { ...lcowConfig.windows, devices } };
    expect((await documentOf(lcow)).notes).toEqual([note]);
    const argon = { ...windowsConfig, windows: { ...windowsConfig.windows, devices } };
    await expect(documentOf(argon)).rejects.toThrow(
      '/windows/devices/0/idType is "vpci-instance-id", must be class, vpci-class-guid or vpci-location-path',
    );
  });

  test("makes up the namespace that the host would make for endpoints, and says so", async () => {
    const network = { endpointList: ["0c5d7a52-0d4d-4f0a-8d7e-0f6a4b8e1c22"] };
    const note = "The network namespace is made up: it is made or found when the container is created";
    const withNetwork = (config: { windows: object }, more: object = {}) => ({
      ...config,
      windows: { ...config.windows, network: { ...network, ...more } },
    });
    const guid = expect.stringMatching(/^[0-9a-f]{8}-/);
    const argon = await documentOf(withNetwork(mountedConfig));
    expect(argon.document).toMatchObject({ Container: { Networking: { Namespace: guid } } });
    expect(argon.notes).toContain(note);
    const lcow = await documentOf(withNetwork(lcowConfig));
    expect(lcow.document).toMatchObject({
      HostedSystem: { OciSpecification: { windows: { network: { networkNamespace: guid } } } },
    });
    expect(lcow.notes).toEqual([note]);
    const named = await documentOf(withNetwork(mountedConfig, { networkNamespace: "n1" }));
    expect(named.document).toMatchObject({ Container: { Networking: { Namespace: "n1" } } });
    const old = await documentOf(withNetwork(mountedConfig), { osBuild: 17134 });
    expect(old.document).toMatchObject({ EndpointList: network.endpointList });
    for (const { notes } of [named, old, await documentOf(mountedConfig)]) expect(notes).not.toContain(note);
  });

  test("tells that it leaves out how the guard of credentials is reached", async () => {
    const windows = { ...windowsConfig.windows, credentialSpec: "{}" };
    const { document, notes } = await documentOf({ ...mountedConfig, windows });
    expect(document).toMatchObject({ Container: { ContainerCredentialGuard: { Transport: "LRPC" } } });
    expect(notes).toContain(UNGUARDED);
    const old = await documentOf({ ...mountedConfig, windows }, { schemaVersion: V1 });
    expect(old.document).toMatchObject({ Credentials: "{}" });
    expect(old.notes).not.toContain(UNGUARDED);
  });

  test("puts a container of a pod into the pod's VM, which is not its own to show", async () => {
    const annotations = {
      "io.kubernetes.cri.container-type": "container",
      "io.kubernetes.cri.sandbox-id": "p1",
    };
    for (const config of [xenonConfig, lcowConfig]) {
      const { document, notes } = await documentOf({ ...config, annotations });
      expect(document).toMatchObject({ HostingSystemId: "p1@vm" });
      expect(notes).toContain("The VM of the pod is taken to be what one of the container's own would be");
      await expect(documentOf({ ...config, annotations }, { ofVm: true })).rejects.toThrow(
        ": the container has none",
      );
    }
    const lost = { "io.kubernetes.cri.container-type": "container" };
    await expect(documentOf({ ...xenonConfig, annotations: lost })).rejects.toThrow("names no sandbox");
    const odd = { "io.kubernetes.cri.container-type": "pod" };
    await expect(documentOf({ ...xenonConfig, annotations: odd })).rejects.toThrow('is "pod", must be');
  });

  test("counts disks as they are mounted, and shares a folder once, however it is written", async () => {
    const disk = (source: string, name: string) => ({
      source: `D:\\${source}.vhdx`,
      destination: `C:\\${name}`,
      type: "virtual-disk",
    });
    const mounts = [
      disk("a", "1"),
      disk("a", "2"),
      disk("b", "3"),
      { source: "D:\\data", destination: "C:\\4" },
      { source: "d:/Data\\", destination: "C:\\5" },
    ];
    const { document } = await documentOf({ ...xenonConfig, mounts });
    const { MappedDirectories = [] } = (document as ComputeSystem).HostedSystem?.Container ?? {};
    const [first, again, other, folder, sameFolder] = MappedDirectories.map(({ HostPath }) => HostPath);
    expect([first, again, other]).toEqual(["C:\\mounts\\m1", "C:\\mounts\\m1", "C:\\mounts\\m3"]);
    expect(sameFolder).toBe(folder);
  });

  test("refuses a Linux container for a host that runs none", async () => {
    for (const ofVm of [false, true]) {
      await expect(documentOf(lcowConfig, { osBuild: 17134, ofVm })).rejects.toThrow(
        "/linux is there, but Linux containers need Windows build 17763, the host's is 17134",
      );
    }
  });

  test("tells that the files of a Linux VM are assumed, except on their own host", async () => {
    const note = "The files from which the VM starts are assumed: only the container's host has them";
    const windows = { osBuild: 20348, processors: 3, layerId: async () => "" };
    expect((await documentOf(lcowConfig, { ofVm: true })).notes).toEqual([note]);
    expect((await documentOf(lcowConfig, { ofVm: true, windows })).notes).toEqual([]);
  });

  test("asks a Windows host for the ids of layers, and follows its build and its processors", async () => {
    const asked: string[] = [];
    const idOf = (name: string) => `11111111-2222-3333-4444-${name.padStart(12, "0")}`;
    const layerId = async (name: string) => {
      asked.push(name);
      return idOf(name === "scratch" ? "3" : name);
    };
    const windows = { osBuild: 17134, processors: 3, layerId };
    const resources = { cpu: { count: 9 } };
    const config = { ...mountedConfig, windows: { ...windowsConfig.windows, resources } };
    const { document, notes } = await documentOf(config, { windows });
    expect(document).toMatchObject({
      SystemType: "Container",
      ProcessorCount: 3,
      Layers: [{ ID: idOf("2") }, { ID: idOf("1") }],
    });
    expect([notes, asked]).toEqual([["The container's 9 processors are cut to 3"], ["2", "1", "scratch"]]);
    const { document: newer } = await documentOf(config, { windows, osBuild: 20348 });
    expect(newer).toMatchObject({
      Container: { Storage: { Layers: [{ Id: idOf("2") }, { Id: idOf("1") }] } },
    });
  });

  test("uses stand-ins on a Windows host without the library that knows the ids, and tells so", async () => {
    const layerId = () => Promise.reject(new PlatformError("PLATFORM_MISSING", "no vmcompute.dll"));
    const windows = { osBuild: 20348, processors: 3, layerId };
    const config = { ...mountedConfig, mounts: [] };
    const { document, notes } = await documentOf(config, { windows });
    expect(notes).toEqual([expect.stringMatching(/^Ids of layers are stand-ins/), UNGUARDED]);
    expect(document).toEqual((await documentOf(config)).document);
    const refusing = { ...windows, layerId: () => Promise.reject(new Error("refused")) };
    await expect(documentOf(mountedConfig, { windows: refusing })).rejects.toThrow("refused");
  });

  test("gives a layer the same stand-in in every bundle", async () => {
    const idOf = async (config: object) => {
      const { document } = await documentOf(config);
      return (document as ComputeSystem).Container?.Storage?.Layers?.[0]?.Id;
    };
    const elsewhere = { ...windowsConfig.windows, layerFolders: ["E:\\other\\2", "E:\\s"] };
    expect(await idOf({ ...windowsConfig, windows: elsewhere })).toBe(await idOf(windowsConfig));
  });

  test("puts a container with hypervisor isolation into a VM named after the bundle", async () => {
    for (const config of [xenonConfig, lcowConfig]) {
      const { document } = await documentOf(config);
      expect(document).toMatchObject({ Owner: "tester", HostingSystemId: `${basename(bundle)}@vm` });
      expectValid(document);
    }
  });

  test("lets the service make the VM in schema 1", async () => {
    for (const request of [{ schemaVersion: V1 }, { osBuild: 17134 }]) {
      const { document } = await documentOf(xenonConfig, request);
      expect(document).toMatchObject({ HvRuntime: { ImagePath: "C:\\layers\\1\\UtilityVM" } });
      expectValid(document);
    }
  });

  test("shows the VM of a container that has one, and no other", async () => {
    for (const config of [xenonConfig, lcowConfig]) {
      const { document } = await documentOf(config, { ofVm: true });
      expect(document).toHaveProperty("VirtualMachine");
      expectValid(document);
    }
    for (const [config, request] of [
      [windowsConfig, {}],
      [podmanConfig, {}],
      [xenonConfig, { schemaVersion: V1 }],
    ] as const) {
      const shown = documentOf(config, { ...request, ofVm: true });
      await expect(shown).rejects.toThrow(
        new UsageError(`Cannot make the document of the utility VM of "${bundle}": the container has none`),
      );
    }
  });

  test("names the annotation that is wrong", async () => {
    const annotations = { "io.microsoft.virtualmachine.computetopology.processor.count": "many" };
    const shown = documentOf({ ...xenonConfig, annotations });
    await expect(shown).rejects.toThrow(
      'Cannot read the annotations: /annotations/io.microsoft.virtualmachine.computetopology.processor.count is "many", must be a whole number from 0 to 4294967295',
    );
  });
});

const oddText = fc.oneof(
  fc.constantFrom("", "\\", "C:\\", "\\\\.\\pipe\\", "..", "a\nb", "sandbox://", "\\\\?\\Volume{1}"),
  fc.constantFrom("C:\\a", "D:\\b\\c", "\\\\.\\pipe\\p", "\\\\.\\PHYSICALDRIVE0"),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const oddNumber = fc.oneof(
  fc.constantFrom(0, 1, 2, 10_000, 1048575, 2 ** 31, 2 ** 32, 2 ** 53, 2n ** 63n, 2n ** 64n - 1n),
  fc.nat(),
);
const oddShare = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 10_000 }));
const plainTexts = fc.constantFrom(
  "",
  "0",
  "1",
  "3",
  "128",
  "4096",
  "10000",
  "true",
  "False",
  "initrd",
  "vhd",
);

const annotationTexts = (texts: fc.Arbitrary<string>) =>
  fc.dictionary(fc.constantFrom(...Object.keys(ANNOTATIONS)), texts, { maxKeys: 4 });

/** Mostly the first, so that whole bundles are often right. */
const mostly = <T, U>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<U>) =>
  fc.oneof({ weight: 15, arbitrary: usual as fc.Arbitrary<T | U> }, { weight: 1, arbitrary: odd });

const mounts = fc
  .array(
    fc.record({
      source: mostly(
        fc.constantFrom("C:\\a", "D:\\b\\c", "\\\\.\\pipe\\p", "\\\\.\\PHYSICALDRIVE0"),
        oddText,
      ),
      type: mostly(fc.constant(""), fc.constantFrom("bind", "virtual-disk", "physical-disk", "tmpfs")),
      options: fc.array(fc.constantFrom("ro", "RO", "rw", "rbind"), { maxLength: 2 }),
      destination: mostly(fc.constant(undefined), oddText),
    }),
    { maxLength: 3 },
  )
  .map((all) => all.map((mount, index) => ({ ...mount, destination: mount.destination ?? `C:\\m${index}` })));

const device = fc.record({
  id: fc.constantFrom("class/5B45201D-F2F2-4F3B-85BB-30FF1F953599", "PCIROOT(0)"),
  idType: fc.constantFrom("class", "vpci-class-guid", "vpci-location-path", "vpci-instance-id", "gpu", "x"),
});

const cpu = mostly(
  fc.oneof(
    fc.record({ count: oddNumber }),
    fc.record({ shares: oddShare }),
    fc.record({ maximum: oddShare }),
  ),
  fc.record({ count: oddNumber, shares: oddShare, maximum: oddShare }),
);

const resources = fc.record(
  {
    memory: fc.record({ limit: oddNumber }),
    cpu,
    storage: fc.record({ iops: oddNumber, bps: oddNumber, sandboxSize: oddNumber }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

const network = fc.record(
  {
    endpointList: fc.array(fc.uuid(), { maxLength: 2 }),
    DNSSearchList: fc.array(oddText, { maxLength: 3 }),
    allowUnqualifiedDNSQuery: fc.boolean(),
    networkNamespace: oddText,
    networkSharedContainerName: oddText,
  },
  { requiredKeys: [] },
);

const windows = fc.record(
  {
    layerFolders: mostly(
      fc.constantFrom(["C:\\l\\1", "C:\\s"], ["C:\\l\\2", "C:\\l\\1", "C:\\s"]),
      fc.array(oddText, { minLength: 1, maxLength: 3 }),
    ),
    hyperv: mostly(fc.constant(undefined), fc.record({ utilityVMPath: oddText }, { requiredKeys: [] })),
    devices: mostly(fc.constant([]), fc.array(device, { maxLength: 2 })),
    resources,
    network,
    credentialSpec: fc.oneof(oddText, fc.constant({ CmsPlugins: [] })),
    servicing: fc.boolean(),
    ignoreFlushesDuringBoot: fc.boolean(),
  },
  { requiredKeys: ["layerFolders", "hyperv"] },
);

type Kind = "argon" | "xenon" | "lcow";

const config = fc
  .record({
    kind: fc.constantFrom<Kind>("argon", "xenon", "lcow"),
    windows,
    annotations: mostly(annotationTexts(plainTexts), annotationTexts(oddText)),
    mounts,
    hostname: mostly(fc.constantFrom("", "host"), oddText),
    path: mostly(
      fc.constant(""),
      fc.constantFrom("\\\\?\\Volume{1f3ad2a8-0b43-4a6e-9c5b-6a8f3f0d2b11}\\", "rootfs"),
    ),
    readonly: mostly(fc.constant(false), fc.constant(true)),
  })
  .map(({ kind, path, readonly, ...parts }) => ({
    ociVersion: "1.0.2",
    process: { cwd: kind === "lcow" ? "/" : "C:\\", args: ["x"] },
    ...parts,
    windows: withHyperV(parts.windows, kind),
    ...(kind === "lcow" ? { linux: { namespaces: [{ type: "uts" }], cgroupsPath: "/x" } } : {}),
    ...(path === "" && !readonly ? {} : { root: { path, readonly } }),
  }));

function withHyperV<W extends { hyperv: object | undefined }>({ hyperv, ...rest }: W, kind: Kind): object {
  return kind === "argon" ? rest : { ...rest, hyperv: hyperv ?? {} };
}

const request = fc.record(
  {
    schemaVersion: fc.constantFrom(V1, { Major: 2, Minor: 1 }),
    osBuild: fc.constantFrom(14393, 16299, 17134, 17763, 18286, 18362, 18967, 20348, 26100),
    ofVm: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** A usage error is one of a request that its bundle cannot meet. */
const REQUEST_FAULTS = /: the container has none$|: schema 1\.0 knows no Linux containers$/;

test("every bundle becomes a valid document or an error of one line", { timeout: 600_000 }, async () => {
  const kinds = new Set<string>();
  const property = fc.asyncProperty(config, request, async (content, wanted) => {
    try {
      const { document, notes } = await documentOf(content, wanted);
      expectValid(document);
      kinds.add(Object.keys(document).at(-1) ?? "");
      for (const note of notes) expect(note).toMatch(/^[^\p{Cc}]+$/u);
    } catch (error) {
      if (!(error instanceof BundleError || error instanceof UsageError)) throw error;
      expect(error.message).toMatch(/^Cannot [^\p{Cc}\p{Zl}\p{Zp}]+$/u);
      if (error instanceof UsageError) expect(error.message).toMatch(REQUEST_FAULTS);
    }
  });
  await fc.assert(property, { numRuns: rounds(50_000, 1000), seed: chosenSeed() | 0 });
  for (const kind of ["Container", "HostedSystem", "VirtualMachine", "HvPartition"])
    expect(kinds).toContain(kind);
});
