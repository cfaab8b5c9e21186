/**
 * Typed checks of the documents that make compute systems. The validators are large: import this file lazily,
 * and only where a document does not come from this program alone.
 */
import { checkWith, type Checked } from "./check.ts";
import { patternTexts } from "./generated/hcs-compute-system.patterns.ts";
import { validateComputeSystem, validateHostedSystem } from "./generated/hcs-compute-system.validators.js";
import { validateContainerConfig } from "./generated/hcs-container-config.validators.js";
import type { ComputeSystem, ContainerConfig, HostedSystem } from "./hcs.ts";

const KINDS = ["Container", "VirtualMachine", "HostedSystem"] as const;

/** Checks a document of schema 2.x, and that it makes exactly one thing; integers may be bigints. */
export function checkComputeSystem(document: unknown): Checked<ComputeSystem> {
  const checked = checkWith(validateComputeSystem, document, patternTexts);
  if (checked.value === undefined) return checked;
  const kinds = KINDS.filter((kind) => checked.value[kind] !== undefined);
  if (kinds.length === 1) return checked;
  const found = kinds.length === 0 ? "none" : kinds.join(" and ");
  const message = `found ${found}, must have exactly one of ${KINDS.join(", ")}`;
  return { value: undefined, faults: [{ pointer: "", message }] };
}

/** Checks the document of a container in a utility VM, as its guest gets it; integers may be bigints. */
export function checkHostedSystem(document: unknown): Checked<HostedSystem> {
  return checkWith(validateHostedSystem, document, patternTexts);
}

/** Checks a document of schema 1.0; integers may be bigints. */
export function checkContainerConfig(document: unknown): Checked<ContainerConfig> {
  return checkWith(validateContainerConfig, document, patternTexts);
}
