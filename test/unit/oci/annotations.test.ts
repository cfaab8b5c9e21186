import { describe, expect, expectTypeOf, test } from "vitest";
import { ANNOTATIONS, annotationValue, type AnnotationName } from "../../../src/oci/annotations.ts";
import { typeText } from "../../../src/oci/annotations/annotation.ts";
import { POD_ANNOTATIONS } from "../../../src/oci/pod-annotations.ts";
import { bundleErrorOf } from "./bundle-folder.ts";

const VM = "io.microsoft.virtualmachine";
const MEMORY = `${VM}.computetopology.memory`;
const PROCESSOR = `${VM}.computetopology.processor`;

/** The annotations of hcsshim 0.8.16 and their types. */
const OF_RELEASE: Record<string, string> = {
  "io.kubernetes.cri.container-type": "sandbox|container",
  "io.kubernetes.cri.sandbox-id": "string",
  "io.microsoft.container.memory.sizeinmb": "uint64 0-17592186044415",
  "io.microsoft.container.processor.count": "uint32",
  "io.microsoft.container.processor.limit": "uint32 0-10000",
  "io.microsoft.container.processor.weight": "uint32 0-10000",
  "io.microsoft.container.storage.qos.bandwidthmaximum": "uint64",
  "io.microsoft.container.storage.qos.iopsmaximum": "uint64",
  "io.microsoft.lcow.gpuvhdpath": "string",
  "io.microsoft.assigneddevice.kerneldrivers": "string",
  "microsoft.com/hostprocess-container": "bool",
  "microsoft.com/hostprocess-inherit-user": "bool",
  [`${MEMORY}.sizeinmb`]: "uint64 0-17592186044414",
  [`${MEMORY}.allowovercommit`]: "bool",
  [`${MEMORY}.enabledeferredcommit`]: "bool",
  [`${MEMORY}.enablecolddiscardhint`]: "bool",
  [`${MEMORY}.lowmmiogapinmb`]: "uint64",
  [`${MEMORY}.highmmiobaseinmb`]: "uint64",
  [`${MEMORY}.highmmiogapinmb`]: "uint64",
  [`${PROCESSOR}.count`]: "uint32",
  [`${PROCESSOR}.limit`]: "uint32 0-100000",
  [`${PROCESSOR}.weight`]: "uint32 0-10000",
  [`${VM}.devices.virtualpmem.maximumcount`]: "uint32 0-128",
  [`${VM}.devices.virtualpmem.maximumsizebytes`]: "uint64",
  [`${VM}.lcow.preferredrootfstype`]: "initrd|vhd",
  [`${VM}.lcow.bootfilesrootpath`]: "string",
  [`${VM}.lcow.kerneldirectboot`]: "bool",
  [`${VM}.lcow.vpcienabled`]: "bool",
  [`${VM}.storageqos.bandwidthmaximum`]: "uint64",
  [`${VM}.storageqos.iopsmaximum`]: "uint64",
  [`${VM}.fullyphysicallybacked`]: "bool",
  [`${VM}.disablecompartmentnamespace`]: "bool",
  [`${VM}.useexternalgcsbridge`]: "bool",
  [`${VM}.cpugroup.id`]: "string",
  [`${VM}.saveastemplate`]: "bool",
  [`${VM}.templateid`]: "string",
  "io.microsoft.network.ncproxy": "string",
  "io.microsoft.network.ncproxy.containerid": "string",
};

/** Those that later versions of hcsshim have added. */
const OF_LATER = [
  "io.microsoft.container.processdumplocation",
  "io.microsoft.wcow.processdumptype",
  "io.microsoft.wcow.processdumpcount",
  "io.microsoft.lcow.rlimitcore",
  "io.microsoft.lcow.shm.size-kb",
  `${VM}.bootfilesrootpath`,
  ...[
    "privileged",
    "hostnetwork",
    "kernelbootoptions",
    "timesync.disable",
    "vpmem.nomultimapping",
    "dmverity-create-args",
    "dmverity-mode",
    "dmverity-rootfs-vhd",
    "gueststatefile",
    "hcl-enabled",
    "amd-certificate",
    "securitypolicy",
    "enforcer",
    "securitypolicy.env",
    "uvm-reference-info-file",
  ].map((name) => `${VM}.lcow.${name}`),
  "io.microsoft.container.lcow.tee-log-path",
  "io.microsoft.container.lcow.tee-log-dir-mount",
  "io.microsoft.cri.skip-pod-networking",
  "io.microsoft.cri.tenant-sandbox-id",
  "io.microsoft.cri.virtual-pod-id",
  `${VM}.storage.scratch.encrypted`,
  `${VM}.no_security_hardware`,
  "io.microsoft.container.wcow.deviceextensions",
  "io.microsoft.container.wcow.gmsa.disable",
  "microsoft.com/hostprocess-rootfs-location",
  "microsoft.com/disable-hostprocess-container",
  ...[
    "gueststatefile",
    "securitypolicy",
    "enforcer",
    "amd-certificate",
    "securitypolicy.env",
    "uvm-reference-info-file",
    "isolation_type",
    "no_secure_boot",
    "writable_efi",
    "timezone.noinherit",
    "virtualSMB.nodirectmap",
  ].map((name) => `${VM}.wcow.${name}`),
  "io.microsoft.wcow.debug",
  "io.microsoft.wcow.debug_data_path",
  `${VM}.dump-directory-path`,
  `${VM}.fileshares.disablewritable`,
  `${VM}.kerneldrivers`,
  `${VM}.uvm-hash-envelope-reference-info-file`,
  `${VM}.resource-partition-id`,
  `${VM}.forwardlogs.sources`,
  `${VM}.forwardlogs.enable`,
  `${VM}.forwardlogs.defaultsources.enable`,
  `${PROCESSOR}.numa.max-processors-per-node`,
  `${PROCESSOR}.numa.max-size-per-node`,
  `${VM}.computetopology.numa.preferred-physical-nodes`,
  `${VM}.computetopology.numa.mapped-physical-nodes`,
  `${VM}.computetopology.numa.count-of-processors`,
  `${VM}.computetopology.numa.count-of-memory-blocks`,
  "io.microsoft.container.gpu.capabilities",
  "io.microsoft.migration.support-enabled",
  "io.microsoft.migration.source-container-id",
  "io.microsoft.disable-unsafe-operations",
];

/** Those of this program and of engines that are not containerd. */
const OF_OTHERS = [
  "io.runhcs.isolation",
  "io.kubernetes.cri-o.ContainerType",
  "io.kubernetes.cri-o.SandboxID",
  "io.kubernetes.docker.type",
  "io.kubernetes.sandbox.id",
];

describe("the table", () => {
  test("has every annotation once and no other", () => {
    const all = [...Object.keys(OF_RELEASE), ...OF_LATER, ...OF_OTHERS];
    expect(new Set(all).size).toBe(all.length);
    expect(Object.keys(ANNOTATIONS).toSorted()).toEqual(all.toSorted());
  });

  test("has the types of hcsshim 0.8.16", () => {
    for (const [name, type] of Object.entries(OF_RELEASE))
      expect([name, typeText(ANNOTATIONS[name as AnnotationName])]).toEqual([name, type]);
  });

  test("says in one line what each does", () => {
    for (const { effect, default: byDefault } of Object.values(ANNOTATIONS)) {
      expect(effect).toMatch(/^[a-zA-Z][^\n]+[^.\n]$/);
      expect(byDefault).not.toContain("\n");
    }
  });

  test("has the pods' annotations with the words of their engines", () => {
    for (const { typeKey, sandboxValue, containerValue, sandboxIdKey } of POD_ANNOTATIONS) {
      expect(ANNOTATIONS[typeKey as AnnotationName]).toMatchObject({ words: [sandboxValue, containerValue] });
      expect(ANNOTATIONS).toHaveProperty([sandboxIdKey]);
    }
  });
});

const LIMIT = "io.microsoft.container.processor.limit";
const BANDWIDTH = "io.microsoft.container.storage.qos.bandwidthmaximum";
const ROOTFS = "io.microsoft.virtualmachine.lcow.preferredrootfstype";
const DIRECT = "io.microsoft.virtualmachine.lcow.kerneldirectboot";
const GROUP = "io.microsoft.virtualmachine.cpugroup.id";

describe("annotationValue", () => {
  test.each<[AnnotationName, string, unknown]>([
    [DIRECT, "true", true],
    [DIRECT, "FALSE", false],
    [LIMIT, "0", 0],
    [LIMIT, "10000", 10000],
    [BANDWIDTH, "9007199254740991", 9007199254740991],
    [BANDWIDTH, "18446744073709551615", 18446744073709551615n],
    [ROOTFS, "vhd", "vhd"],
    [GROUP, "{x}", "{x}"],
    [GROUP, "", undefined],
    [DIRECT, "", undefined],
  ])("reads %s=%s", (name, text, value) => {
    expect(annotationValue({ [name]: text }, name)).toBe(value);
  });

  test("gives the type of the table", () => {
    expectTypeOf(annotationValue({}, DIRECT)).toEqualTypeOf<boolean | undefined>();
    expectTypeOf(annotationValue({}, LIMIT)).toEqualTypeOf<number | bigint | undefined>();
    expectTypeOf(annotationValue({}, ROOTFS)).toEqualTypeOf<"initrd" | "vhd" | undefined>();
    expectTypeOf(annotationValue({}, GROUP)).toEqualTypeOf<string | undefined>();
  });

  test("finds nothing where there is nothing", () => {
    expect(annotationValue(undefined, DIRECT)).toBeUndefined();
    expect(annotationValue({}, DIRECT)).toBeUndefined();
  });

  test.each<[AnnotationName, string, string]>([
    [DIRECT, "1", "true or false"],
    [DIRECT, "yes\n", "true or false"],
    [LIMIT, "-1", "a whole number from 0 to 10000"],
    [LIMIT, "10001", "a whole number from 0 to 10000"],
    [LIMIT, "1.5", "a whole number from 0 to 10000"],
    [LIMIT, "0x10", "a whole number from 0 to 10000"],
    [LIMIT, " 5", "a whole number from 0 to 10000"],
    [LIMIT, "9".repeat(1000), "a whole number from 0 to 10000"],
    [BANDWIDTH, "18446744073709551616", "a whole number from 0 to 18446744073709551615"],
    [ROOTFS, "tar", '"initrd" or "vhd"'],
  ])("refuses %s=%j in one line", (name, text, allowed) => {
    const error = bundleErrorOf(() => annotationValue({ [name]: text }, name));
    expect(error.code).toBe("BUNDLE_INVALID");
    expect(error.message).toContain(`Cannot read the annotations: /annotations/${name} is "`);
    expect(error.message).toMatch(/^[^\p{Cc}]+$/u);
    expect(error.message.endsWith(`, must be ${allowed}`)).toBe(true);
  });
});
