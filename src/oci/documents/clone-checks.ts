import { isDeepStrictEqual } from "node:util";
import type { OciConfig } from "../../schema/oci.ts";
import { annotationValue } from "../annotations.ts";
import { documentFault } from "./fault.ts";

/** What has to be the same in a clone as in what it was cloned from. */
const SHARED: readonly { place: readonly string[]; read(spec: OciConfig): unknown }[] = [
  { place: ["ociVersion"], read: ({ ociVersion }) => ociVersion },
  ...(
    [
      "io.microsoft.container.memory.sizeinmb",
      "io.microsoft.container.processor.count",
      "io.microsoft.container.processor.limit",
    ] as const
  ).map((name) => ({
    place: ["annotations", name],
    read: ({ annotations }: OciConfig) => annotationValue(annotations, name),
  })),
  // The last folder is the scratch, which each has of its own.
  { place: ["windows", "layerFolders"], read: ({ windows }) => windows?.layerFolders.slice(0, -1) },
  { place: ["windows", "hyperv"], read: ({ windows }) => windows?.hyperv },
  ...(["allowUnqualifiedDNSQuery", "networkSharedContainerName", "DNSSearchList"] as const).map((name) => ({
    place: ["windows", "network", name],
    read: ({ windows }: OciConfig) => windows?.network?.[name],
  })),
];

/** Checks that a container can be cloned from another one. @throws {BundleError} naming the first difference */
export function checkClone(template: OciConfig, clone: OciConfig): void {
  const different = SHARED.find(({ read }) => !isDeepStrictEqual(read(template), read(clone)));
  if (different !== undefined) {
    throw documentFault(different.place, "differs from the container that it is cloned from");
  }
}
