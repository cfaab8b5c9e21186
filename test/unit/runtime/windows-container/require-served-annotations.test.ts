import { describe, expect, test } from "vitest";
import { requireServedAnnotations } from "../../../../src/runtime/windows-container/require-served-annotations.ts";
import type { OciConfig } from "../../../../src/schema/oci.ts";

const VM = "io.microsoft.virtualmachine";

/** What is told of a container's annotations, in and outside of a VM. */
function warnings(annotations: Record<string, string>, isInVm = true): string[] {
  const told: string[] = [];
  const spec: OciConfig = { ociVersion: "1.0.2", root: { path: "" }, annotations };
  requireServedAnnotations({ id: "web", spec, isInVm }, (text) => told.push(text));
  return told;
}

describe("annotations of a container on Windows", () => {
  test.each([
    ["microsoft.com/hostprocess-container", "true", "no container is a process of the host"],
    [`${VM}.storage.scratch.encrypted`, "TRUE", "scratch disks are not encrypted"],
    [`${VM}.fileshares.disablewritable`, "true", "folders are shared as their mounts say"],
    [`${VM}.useexternalgcsbridge`, "true", "the service talks to the guest, not this program"],
    [`${VM}.cpugroup.id`, "g1", "VMs join no group of processors"],
    [`${VM}.saveastemplate`, "true", "VMs are not cloned"],
    [`${VM}.templateid`, "t1", "VMs are not cloned"],
    [`${VM}.lcow.dmverity-mode`, "true", "no VM is kept from its host"],
    [`${VM}.lcow.securitypolicy`, "e30=", "no VM is kept from its host"],
    [`${VM}.wcow.securitypolicy`, "e30=", "no VM is kept from its host"],
    [`${VM}.wcow.isolation_type`, "SNP", "no VM is kept from its host"],
  ])("refuse what it would be less isolated without: %s", (name, text, reason) => {
    const message = `Cannot create container "web" with annotation "${name}": ${reason}`;
    const failure = { code: "PLATFORM_UNSUPPORTED", message };
    expect(() => warnings({ [name]: text })).toThrow(expect.objectContaining(failure));
  });

  test("tell of those that change nothing", () => {
    const name = "io.microsoft.lcow.shm.size-kb";
    expect(warnings({ [name]: "4", "io.microsoft.wcow.processdumpcount": "3" })).toEqual([
      'Annotation "io.microsoft.wcow.processdumpcount" of container "web" changes nothing: it is not served',
      `Annotation "${name}" of container "web" changes nothing: it is not served`,
    ]);
  });

  test("are none if they are empty, false, served or unknown", () => {
    const annotations = {
      [`${VM}.saveastemplate`]: "false",
      [`${VM}.templateid`]: "",
      [`${VM}.lcow.privileged`]: "False",
      "io.microsoft.container.memory.sizeinmb": "100",
      "org.example": "x",
    };
    expect(warnings(annotations)).toEqual([]);
  });

  test("of VMs mean nothing outside of one", () => {
    const annotations = { [`${VM}.cpugroup.id`]: "g1", [`${VM}.dump-directory-path`]: "C:\\d" };
    expect(warnings(annotations, false)).toEqual([]);
    expect(() => warnings({ "microsoft.com/hostprocess-container": "true" }, false)).toThrow(/of the host$/);
  });

  test("have to be of their type", () => {
    expect(() => warnings({ [`${VM}.saveastemplate`]: "yes" })).toThrow(/must be true or false/);
  });
});
