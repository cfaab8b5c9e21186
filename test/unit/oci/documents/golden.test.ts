// Documents written by hand from what is known of those of hcsshim; each says in "from" from what.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { ContainerResources } from "../../../../src/oci/documents/container-resources.ts";
import type { CreateOptions } from "../../../../src/oci/documents/create-options.ts";
import type { DocumentHost } from "../../../../src/oci/documents/document-host.ts";
import { plannedResources } from "../../../../src/oci/documents/planned-resources.ts";
import { linuxVmOptions } from "../../../../src/oci/documents/vm/linux-vm-options.ts";
import { linuxVm } from "../../../../src/oci/documents/vm/linux-vm.ts";
import { windowsVmOptions } from "../../../../src/oci/documents/vm/windows-vm-options.ts";
import { windowsVm } from "../../../../src/oci/documents/vm/windows-vm.ts";
import { windowsDocument } from "../../../../src/oci/documents/windows-document.ts";
import { configFaults } from "../../../../src/oci/semantic-checks.ts";
import type { OciConfig } from "../../../../src/schema/oci.ts";
import { checkConfig } from "../../../../src/schema/validate.ts";
import { expectValid } from "./expect-valid.ts";

interface Golden {
  from: string;
  config: OciConfig;
  options: Omit<CreateOptions, "spec">;
  /** Makes the VM of the container and not the container. */
  vm?: "linux" | "windows";
  utilityVmPath?: string;
  /** Files in the boot folder of a Linux VM. */
  bootFiles?: string[];
  /** Devices as the VM has them. */
  devices?: ContainerResources["devices"];
  host: { osBuild: number; processors: number; layerIds: Record<string, string> };
  warnings?: string[];
  document: object;
}

const FOLDER = fileURLToPath(new URL("../../../fixtures/hcs", import.meta.url));
const goldens = readdirSync(FOLDER).map((name): [string, Golden] => [
  name,
  JSON.parse(readFileSync(join(FOLDER, name), "utf8")),
]);

function build(golden: Golden, host: DocumentHost): object {
  const { config, options, vm, utilityVmPath = "", bootFiles = [], devices } = golden;
  if (vm === "windows") return windowsVm(windowsVmOptions(config, options, utilityVmPath), host);
  if (vm === "linux") {
    const files = {
      folder: "C:\\Program Files\\Linux Containers",
      has: (_: string, name: string) => bootFiles.includes(name),
    };
    return linuxVm(linuxVmOptions(config, options, files, host), host);
  }
  const all = { ...options, spec: config };
  const resources = plannedResources(all, host);
  return windowsDocument(all, { ...resources, ...(devices && { devices }) }, host, utilityVmPath);
}

test("there are documents of every kind", () => {
  expect(goldens.length).toBeGreaterThan(10);
  expect(goldens.filter(([, { vm }]) => vm === "linux").length).toBeGreaterThan(2);
  expect(goldens.filter(([, { vm }]) => vm === "windows").length).toBeGreaterThan(2);
});

describe.each(goldens)("%s", (_, golden) => {
  test("has a valid configuration, and says where it comes from", () => {
    expect(checkConfig(structuredClone(golden.config)).faults).toEqual([]);
    expect(configFaults(golden.config, "/bundle")).toEqual([]);
    expect(golden.from).toMatch(/^hcsshim \d/);
  });

  test("is what its configuration becomes", () => {
    const warnings: string[] = [];
    const host: DocumentHost = {
      ...golden.host,
      layerId: (name) => golden.host.layerIds[name] ?? `no id for ${name}`,
      warn: (text) => warnings.push(text),
    };
    const document = build(golden, host);
    expect(document).toEqual(golden.document);
    expect(warnings).toEqual(golden.warnings ?? []);
    expectValid(document);
  });
});
