import { describe, expect, test } from "vitest";
import { UsageError } from "../../../../src/base/errors.ts";
import { containerKind } from "../../../../src/oci/documents/container-kind.ts";
import {
  addCredentialsRequest,
  credentialSpec,
  removeCredentialsRequest,
} from "../../../../src/oci/documents/credentials.ts";
import { deviceDocuments, deviceDocumentsV1 } from "../../../../src/oci/documents/devices.ts";
import { lcowContainer } from "../../../../src/oci/documents/lcow-container.ts";
import { layerFolders } from "../../../../src/oci/documents/layers.ts";
import { bytesToMb, memoryLimitInMb } from "../../../../src/oci/documents/memory-limit.ts";
import { chosenNamespace } from "../../../../src/oci/documents/networking.ts";
import { omitEmpty } from "../../../../src/oci/documents/omit-empty.ts";
import { chooseSchemaVersion } from "../../../../src/oci/documents/schema-version.ts";
import { standInGuid } from "../../../../src/oci/documents/stand-in-ids.ts";
import { containerStorageQos } from "../../../../src/oci/documents/storage-limits.ts";
import { volumePath } from "../../../../src/oci/documents/volume-path.ts";
import { windowsDocument } from "../../../../src/oci/documents/windows-document.ts";
import { windowsMounts } from "../../../../src/oci/documents/windows-mounts.ts";
import { bundleErrorOf } from "../bundle-folder.ts";
import { notingHost, windowsSpec } from "./test-host.ts";

const V1 = { Major: 1, Minor: 0 };
const V2 = { Major: 2, Minor: 1 };
const refusal = (action: () => unknown): string =>
  bundleErrorOf(action).message.replace("Cannot make the document of the container: ", "");

describe("the schema's version", () => {
  test.each([
    ["2.1 from build 17763", undefined, false, 17763, V2],
    ["1.0 below it", undefined, false, 17134, V1],
    ["1.0 if asked for", V1, false, 20348, V1],
    ["2.1 if asked for", V2, false, 17763, V2],
    ["2.1 in a VM whatever is asked for", V1, true, 17134, V2],
  ])("is %s", (_, requested, isHosted, osBuild, version) => {
    const host = notingHost({ osBuild });
    expect(chooseSchemaVersion({ requested, isHosted }, host)).toEqual(version);
    expect(host.warnings).toEqual([]);
  });

  test("falls back with a warning where the host is too old", () => {
    const host = notingHost({ osBuild: 17134 });
    expect(chooseSchemaVersion({ requested: V2, isHosted: false }, host)).toEqual(V1);
    expect(host.warnings).toEqual(["Windows build 17134 knows no schema 2.1, 1.0 is used"]);
  });

  test.each([
    [2, 0],
    [1, 1],
    [3, 0],
  ])("is not %d.%d, even in a VM", (Major, Minor) => {
    for (const isHosted of [true, false])
      expect(() => chooseSchemaVersion({ requested: { Major, Minor }, isHosted }, notingHost())).toThrow(
        new UsageError(`Cannot use schema version "${Major}.${Minor}": it must be 1.0 or 2.1`),
      );
  });

  test("decides whether updates are installed, and a container without says so", () => {
    const volume = "\\\\?\\Volume{1f3ad2a8-0b43-4a6e-9c5b-6a8f3f0d2b11}\\";
    const spec = windowsSpec({ servicing: true });
    const resources = { rootPath: volume, layers: [], mountSources: new Map() };
    const [old, host] = [notingHost(), notingHost()];
    const options = { id: "c1", owner: "tester", spec };
    expect(windowsDocument({ ...options, schemaVersion: V1 }, resources, old)).toHaveProperty(
      "Servicing",
      true,
    );
    windowsDocument(options, resources, host);
    windowsDocument({ ...options, spec: windowsSpec({ servicing: false }) }, resources, host);
    expect([old.warnings, host.warnings]).toEqual([[], ["Servicing is left out: only schema 1.0 knows it"]]);
  });

  test("is not 1.0 for a Linux container", () => {
    const spec = windowsSpec({}, { linux: {} });
    const resources = { rootPath: "/run/gcs/c/c1", layers: [], mountSources: new Map() };
    const options = { id: "c1", owner: "o", spec, schemaVersion: V1 };
    expect(() => lcowContainer(options, resources)).toThrow(
      new UsageError(`Cannot make the document of "c1": schema 1.0 knows no Linux containers`),
    );
  });
});

test("the kind of a container is told by its sections", () => {
  expect(containerKind(windowsSpec())).toBe("argon");
  expect(containerKind(windowsSpec({ hyperv: {} }))).toBe("xenon");
  expect(containerKind(windowsSpec({}, { linux: {} }))).toBe("lcow");
  expect(containerKind(windowsSpec({ hyperv: {} }, { linux: {} }))).toBe("lcow");
  expect(refusal(() => containerKind({ linux: {} }))).toBe("/windows is missing");
});

describe("limits", () => {
  test.each<[number | bigint, number]>([
    [0, 0],
    [0n, 0],
    [1, 1],
    [1048575, 1],
    [1048576, 1],
    [2097151, 1],
    [2097152, 2],
    [2n ** 64n - 1n, 17592186044415],
  ])("of %d bytes are %d MiB", (bytes, mb) => {
    expect(bytesToMb(bytes)).toBe(mb);
  });

  test("of memory come from the annotation first", () => {
    const resources = { memory: { limit: 1048576 } };
    const annotations = { "io.microsoft.container.memory.sizeinmb": "5" };
    expect(memoryLimitInMb(windowsSpec({ resources }))).toBe(1);
    expect(memoryLimitInMb(windowsSpec({ resources }, { annotations }))).toBe(5);
    expect(memoryLimitInMb(windowsSpec())).toBe(0);
  });

  test("of storage keep all their 64 bits, and are absent if there are none", () => {
    const storage = { iops: 2 ** 31, bps: 2n ** 64n - 1n };
    const qos = { IopsMaximum: 2 ** 31, BandwidthMaximum: 2n ** 64n - 1n };
    expect(containerStorageQos(windowsSpec({ resources: { storage } }))).toEqual(qos);
    expect(containerStorageQos(windowsSpec({ resources: { storage: { iops: 0 } } }))).toBeUndefined();
    const annotations = { "io.microsoft.container.storage.qos.bandwidthmaximum": "9" };
    expect(containerStorageQos(windowsSpec({}, { annotations }))).toEqual({ BandwidthMaximum: 9 });
  });
});

describe("mounts", () => {
  const host = notingHost();
  const sources = new Map([[0, "C:\\resolved"]]);
  const place = (isHosted: boolean) => ({ isHosted, sources });

  test("take the path that stands for their source", () => {
    const mounts = [{ destination: "C:\\a", source: "D:\\link", options: ["x", "rO"] }];
    const directory = { HostPath: "C:\\resolved", ContainerPath: "C:\\a", ReadOnly: true };
    expect(windowsMounts(mounts, place(false), host)).toEqual({ directories: [directory], pipes: [] });
  });

  test("need a source", () => {
    const action = () => windowsMounts([{ destination: "C:\\a" }], place(false), host);
    expect(refusal(action)).toBe("/mounts/0/source is missing");
  });

  test.each([
    ["virtual-disk", false, "absent with process isolation"],
    ["bind", false, "absent with process isolation"],
    ["bind", true, "absent, physical-disk or virtual-disk"],
  ])("of type %s (in a VM: %s) are refused", (type, isHosted, allowed) => {
    const action = () =>
      windowsMounts([{ destination: "C:\\a", source: "D:\\a", type }], place(isHosted), host);
    expect(refusal(action)).toBe(`/mounts/0/type is "${type}", must be ${allowed}`);
  });

  test("map pipes from build 16299", () => {
    const mounts = [{ destination: "\\\\.\\PIPE\\in", source: "\\\\.\\pipe\\a\\b" }];
    const at = (osBuild: number) => windowsMounts(mounts, place(false), { osBuild });
    expect(at(16299).pipes).toEqual([{ HostPath: "\\\\.\\pipe\\a\\b", ContainerPipeName: "in" }]);
    expect(refusal(() => at(16298))).toBe("/mounts/0 is a named pipe, which Windows build 16298 cannot map");
  });
});

describe("devices", () => {
  const guid = "5B45201D-F2F2-4F3B-85BB-30FF1F953599";

  test("of a location are known to schema 2 only", () => {
    const devices = [{ id: "PCIROOT(0)", idType: "vpci-location-path" }];
    expect(deviceDocuments(devices)).toEqual([{ Type: "DeviceInstance", LocationPath: "PCIROOT(0)" }]);
    expect(refusal(() => deviceDocumentsV1(devices))).toBe(
      '/windows/devices/0/idType is "vpci-location-path", must be class or vpci-class-guid in schema 1.0',
    );
  });

  test("of a class need its GUID", () => {
    for (const idType of ["class", "vpci-class-guid"]) {
      expect(deviceDocuments([{ id: guid, idType }])).toEqual([{ InterfaceClassGuid: guid }]);
      expect(deviceDocumentsV1([{ id: `class/${guid}`, idType }])).toEqual([{ InterfaceClassGuid: guid }]);
    }
    expect(refusal(() => deviceDocuments([{ id: "class/", idType: "class" }]))).toBe(
      '/windows/devices/0/id is "class/", must be a GUID without braces',
    );
  });

  test("of another type are refused", () => {
    expect(refusal(() => deviceDocuments([{ id: "0", idType: "gpu" }]))).toBe(
      '/windows/devices/0/idType is "gpu", must be class, vpci-class-guid or vpci-location-path',
    );
  });
});

describe("credentials", () => {
  test("are one text, whether engines send a text or an object", () => {
    expect(credentialSpec(windowsSpec({ credentialSpec: '{"a":1}' }))).toBe('{"a":1}');
    expect(credentialSpec(windowsSpec({ credentialSpec: { a: 1 } }))).toBe('{"a":1}');
    expect(credentialSpec(windowsSpec({ credentialSpec: "" }))).toBeUndefined();
    expect(credentialSpec(windowsSpec())).toBeUndefined();
  });

  test("are guarded by a request to the service", () => {
    expect(addCredentialsRequest("c1", "{}", true)).toEqual({
      PropertyType: "ContainerCredentialGuard",
      Settings: {
        Operation: "AddInstance",
        OperationDetails: { Id: "c1", CredentialSpec: "{}", Transport: "HvSocket" },
      },
    });
    expect(addCredentialsRequest("c1", "{}", false)).toMatchObject({
      Settings: { OperationDetails: { Transport: "LRPC" } },
    });
    expect(removeCredentialsRequest("c1")).toEqual({
      PropertyType: "ContainerCredentialGuard",
      Settings: { Operation: "RemoveInstance", OperationDetails: { Id: "c1" } },
    });
  });
});

test("the namespace is that of the caller, else that of the configuration, if there is a network", () => {
  const network = { networkNamespace: "of-config" };
  expect(chosenNamespace(windowsSpec({ network }), "asked")).toBe("asked");
  expect(chosenNamespace(windowsSpec({ network }), undefined)).toBe("of-config");
  expect(chosenNamespace(windowsSpec({ network: { networkNamespace: "" } }), undefined)).toBeUndefined();
  expect(chosenNamespace(windowsSpec(), "asked")).toBeUndefined();
});

test("layers need a base and a scratch", () => {
  expect(layerFolders(windowsSpec({ layerFolders: ["a", "b", "c"] }))).toEqual({
    readOnly: ["a", "b"],
    scratch: "c",
  });
  expect(refusal(() => layerFolders(windowsSpec({ layerFolders: ["a"] })))).toBe(
    "/windows/layerFolders has 1 folder, must have a base and a scratch",
  );
});

describe("the volume of the root", () => {
  const volume = "\\\\?\\Volume{1f3ad2a8-0b43-4a6e-9c5b-6a8f3f0d2b11}";

  test("has no backslash at its end", () => {
    expect(volumePath(volume)).toBe(volume);
    expect(volumePath(`${volume}\\`)).toBe(volume);
  });

  test.each(["C:\\", "", `${volume}\\x`, `${volume}\\\\`, "\\\\?\\Volume{1}\\"])("is not %j", (path) => {
    expect(refusal(() => volumePath(path))).toMatch(/^\/root\/path is ".*, must be a volume /);
  });
});

test("members that say nothing are left out, and nothing else", () => {
  const some = { a: "", b: 0, c: false, d: [], e: undefined, f: 0n };
  expect(omitEmpty({ ...some, g: {}, h: [0], i: "0", j: null })).toEqual({ g: {}, h: [0], i: "0", j: null });
});

describe("the GUID that stands for a name", () => {
  test("is always the same, of version 5, and another for another name", () => {
    const guid = standInGuid("layer");
    expect(guid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(standInGuid("layer")).toBe(guid);
    expect(standInGuid("Layer")).not.toBe(guid);
  });

  test("is that of the algorithm of RFC 9562", () => {
    // python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID("5b1f3c7d-6a8e-4c0f-9d2e-7f4b1a6c8e30"), "layer"))'
    expect(standInGuid("layer")).toBe("2c26934e-857d-5d8c-9c15-c6237decfec0");
  });
});
