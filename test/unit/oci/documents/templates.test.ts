import { describe, expect, test } from "vitest";
import { checkClone } from "../../../../src/oci/documents/clone-checks.ts";
import { cloneRequests } from "../../../../src/oci/documents/clone-requests.ts";
import type { CreateOptions } from "../../../../src/oci/documents/create-options.ts";
import { asksForTemplate, checkTemplate } from "../../../../src/oci/documents/template-checks.ts";
import type { OciConfig } from "../../../../src/schema/oci.ts";
import { checkModifyRequest } from "../../../../src/schema/validate-hcs-requests.ts";
import { bundleErrorOf } from "../bundle-folder.ts";
import { notingHost, windowsSpec } from "./test-host.ts";

const refusal = (action: () => unknown): string =>
  bundleErrorOf(action).message.replace("Cannot make the document of the container: ", "");
const vm = { id: "c@vm", os: "windows", processorCount: 2, isTemplate: true } as const;

function template(spec: OciConfig): CreateOptions {
  return { id: "c", owner: "o", spec, isTemplate: true, hostingSystem: vm };
}

describe("a container to clone from", () => {
  test("needs a VM to clone from, and is alone in it", () => {
    const options = template(windowsSpec({ hyperv: {} }));
    expect(() => checkTemplate(options)).not.toThrow();
    const ordinary = { ...vm, isTemplate: false };
    expect(refusal(() => checkTemplate({ ...options, hostingSystem: ordinary }))).toMatch(/its VM is not$/);
    expect(refusal(() => checkTemplate({ ...options, isTemplate: false }))).toMatch(
      /its VM is to be cloned$/,
    );
    expect(() => checkTemplate({ ...options, isTemplate: false, hostingSystem: ordinary })).not.toThrow();
  });

  test.each<[string, OciConfig]>([
    ["/windows/devices", windowsSpec({ devices: [{ id: "0", idType: "class" }] })],
    ["/windows/credentialSpec", windowsSpec({ credentialSpec: "{}" })],
    ["/windows/servicing", windowsSpec({ servicing: true })],
    ["/mounts", windowsSpec({}, { mounts: [{ destination: "C:\\a" }] })],
    ["/linux", windowsSpec({}, { linux: {} })],
  ])("has no %s", (place, spec) => {
    const message = `${place} must be absent from a container to clone from`;
    expect(refusal(() => checkTemplate(template(spec)))).toBe(message);
  });

  test("is asked for by an annotation, which only Windows containers in a VM may have", () => {
    const annotations = { "io.microsoft.virtualmachine.saveastemplate": "true" };
    const spec = windowsSpec({ hyperv: {} }, { annotations });
    expect(asksForTemplate(spec, "xenon")).toBe(true);
    expect(asksForTemplate(windowsSpec(), "lcow")).toBe(false);
    const only = "is set, but only a Windows container in a VM can be cloned";
    expect(refusal(() => asksForTemplate(spec, "lcow"))).toContain(`saveastemplate ${only}`);
    const clone = windowsSpec({}, { annotations: { "io.microsoft.virtualmachine.templateid": "x" } });
    expect(refusal(() => asksForTemplate(clone, "argon"))).toContain(`templateid ${only}`);
  });
});

describe("a clone", () => {
  const original = windowsSpec(
    { hyperv: { utilityVMPath: "C:\\u" }, network: { DNSSearchList: ["a"] } },
    { annotations: { "io.microsoft.container.memory.sizeinmb": "10" } },
  );

  test("may have another scratch, other mounts and a hyperv object of its own", () => {
    const other = structuredClone(original);
    other.windows?.layerFolders.splice(-1, 1, "C:\\l\\other");
    other.mounts = [{ destination: "C:\\a", source: "D:\\a" }];
    other.annotations = { "io.microsoft.container.memory.sizeinmb": "0010" };
    expect(() => checkClone(original, other)).not.toThrow();
  });

  test.each<[string, (spec: OciConfig & Required<Pick<OciConfig, "windows">>) => void]>([
    ["/ociVersion", (spec) => (spec.ociVersion = "1.1.0")],
    [
      "/annotations/io.microsoft.container.memory.sizeinmb",
      (spec) => (spec.annotations = { "io.microsoft.container.memory.sizeinmb": "11" }),
    ],
    [
      "/annotations/io.microsoft.container.processor.count",
      (spec) => (spec.annotations = { ...spec.annotations, "io.microsoft.container.processor.count": "1" }),
    ],
    [
      "/annotations/io.microsoft.container.processor.limit",
      (spec) => (spec.annotations = { ...spec.annotations, "io.microsoft.container.processor.limit": "1" }),
    ],
    ["/windows/layerFolders", (spec) => (spec.windows.layerFolders = ["C:\\x", "C:\\l\\scratch"])],
    ["/windows/hyperv", (spec) => (spec.windows.hyperv = {})],
    ["/windows/network/DNSSearchList", (spec) => (spec.windows.network = { DNSSearchList: ["b"] })],
    [
      "/windows/network/allowUnqualifiedDNSQuery",
      (spec) => (spec.windows.network = { DNSSearchList: ["a"], allowUnqualifiedDNSQuery: true }),
    ],
    [
      "/windows/network/networkSharedContainerName",
      (spec) => (spec.windows.network = { DNSSearchList: ["a"], networkSharedContainerName: "x" }),
    ],
  ])("has the same %s", (place, change) => {
    const other = structuredClone(original) as OciConfig & Required<Pick<OciConfig, "windows">>;
    change(other);
    expect(refusal(() => checkClone(original, other))).toBe(
      `${place} differs from the container that it is cloned from`,
    );
  });

  test("gets its mounts one by one", () => {
    const mounts = [
      { destination: "C:\\a", source: "D:\\a", options: ["ro"] },
      { destination: "\\\\.\\pipe\\in", source: "\\\\.\\pipe\\out" },
    ];
    const options = { ...template(windowsSpec({}, { mounts })), isTemplate: false };
    const requests = cloneRequests(
      options,
      { mountSources: new Map([[0, "\\\\?\\VMSMB\\s1"]]) },
      notingHost(),
    );
    expect(requests).toEqual([
      {
        ResourcePath: "Container/MappedDirectories",
        RequestType: "Add",
        Settings: { HostPath: "\\\\?\\VMSMB\\s1", ContainerPath: "C:\\a", ReadOnly: true },
      },
      {
        ResourcePath: "Container/MappedPipes",
        RequestType: "Add",
        Settings: {
          HostPath: "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\IPC$\\out",
          ContainerPipeName: "in",
        },
      },
    ]);
    for (const request of requests) expect(checkModifyRequest(request).faults).toEqual([]);
  });

  test("is a Windows container in a VM", () => {
    const resources = { mountSources: new Map<number, string>() };
    const options = { id: "c", owner: "o", spec: windowsSpec() };
    expect(refusal(() => cloneRequests(options, resources, notingHost()))).toBe(
      "/windows/hyperv is missing: only Windows containers in a VM can be cloned",
    );
    const inLinux = { ...options, hostingSystem: { ...vm, os: "linux" as const } };
    expect(() => cloneRequests(inLinux, resources, notingHost())).toThrow("only Windows containers");
  });
});
