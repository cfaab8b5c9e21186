/** Typed checks of outside documents against the schemas under schemas/oci. */
import { checkWith, type Checked } from "./check.ts";
import { patternTexts } from "./generated/oci-config.patterns.ts";
import { validateConfig, validateProcess, validateResources } from "./generated/oci-config.validators.js";
import { validateFeatures } from "./generated/oci-features.validators.js";
import { validateState } from "./generated/oci-state.validators.js";
import type { LinuxResources, OciConfig, OciFeatures, OciProcess, OciState } from "./oci.ts";
import type { ValidateFunction } from "./validate-function.ts";

/** Checks the content of a config.json; integers may be bigints. */
export function checkConfig(document: unknown): Checked<OciConfig> {
  return check(validateConfig, document);
}

/** Checks the process of an exec; integers may be bigints. */
export function checkProcess(document: unknown): Checked<OciProcess> {
  return check(validateProcess, document);
}

/** Checks the limits of an update; integers may be bigints. */
export function checkResources(document: unknown): Checked<LinuxResources> {
  return check(validateResources, document);
}

/** Checks the state of a container, as a runtime reports it. */
export function checkState(document: unknown): Checked<OciState> {
  return check(validateState, document);
}

/** Checks what a runtime reports of its features. */
export function checkFeatures(document: unknown): Checked<OciFeatures> {
  return check(validateFeatures, document);
}

function check<T>(validate: ValidateFunction<T>, document: unknown): Checked<T> {
  return checkWith(validate, document, patternTexts);
}
