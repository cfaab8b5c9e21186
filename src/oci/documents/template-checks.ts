import type { OciConfig } from "../../schema/oci.ts";
import { annotationValue } from "../annotations.ts";
import type { ContainerKind } from "./container-kind.ts";
import type { CreateOptions } from "./create-options.ts";
import { documentFault } from "./fault.ts";

/** What a container to clone from must not have, and where its configuration says so. */
const FORBIDDEN: readonly {
  place: readonly string[];
  isThere(spec: OciConfig): boolean;
}[] = [
  { place: ["linux"], isThere: ({ linux }) => linux !== undefined },
  { place: ["windows", "devices"], isThere: ({ windows }) => (windows?.devices?.length ?? 0) > 0 },
  { place: ["windows", "credentialSpec"], isThere: ({ windows }) => (windows?.credentialSpec ?? "") !== "" },
  { place: ["windows", "servicing"], isThere: ({ windows }) => windows?.servicing === true },
  { place: ["mounts"], isThere: ({ mounts = [] }) => mounts.length > 0 },
];

/**
 * Checks that a container to clone from has nothing that its clones could not share, and that it is in a VM to clone
 * from, where no other container may be.
 *
 * @throws {BundleError}
 */
export function checkTemplate({ spec, hostingSystem, isTemplate = false }: CreateOptions): void {
  if (isTemplate !== (hostingSystem?.isTemplate ?? false)) {
    const problem = isTemplate
      ? "is a container to clone from, and its VM is not"
      : "is an ordinary container, and its VM is to be cloned";
    throw documentFault(["windows"], problem);
  }
  if (!isTemplate) return;
  const found = FORBIDDEN.find(({ isThere }) => isThere(spec));
  if (found !== undefined) throw documentFault(found.place, "must be absent from a container to clone from");
}

const SAVE_AS_TEMPLATE = "io.microsoft.virtualmachine.saveastemplate";
const TEMPLATE_ID = "io.microsoft.virtualmachine.templateid";

/**
 * Tells whether a configuration asks for a VM to clone from.
 *
 * @throws {BundleError} if it, or a clone, is asked for without a Windows container in a VM
 */
export function asksForTemplate({ annotations }: OciConfig, kind: ContainerKind): boolean {
  const isTemplate = annotationValue(annotations, SAVE_AS_TEMPLATE) ?? false;
  const isClone = annotationValue(annotations, TEMPLATE_ID) !== undefined;
  if (kind !== "xenon" && (isTemplate || isClone)) {
    const name = isTemplate ? SAVE_AS_TEMPLATE : TEMPLATE_ID;
    throw documentFault(["annotations", name], "is set, but only a Windows container in a VM can be cloned");
  }
  return isTemplate;
}
