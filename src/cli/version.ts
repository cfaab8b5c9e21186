/** Set at build time. */
declare const RUNHCS_VERSION: string;
declare const RUNHCS_COMMIT: string;

/** The newest version of the OCI runtime specification that bundles may be written in. */
export const OCI_VERSION = "1.3.0";

/** The program's version; `dev` when it runs from its sources. */
export function version(): string {
  return typeof RUNHCS_VERSION === "undefined" ? "dev" : RUNHCS_VERSION;
}

/** The commit that the program was built from. */
export function commit(): string {
  return typeof RUNHCS_COMMIT === "undefined" ? "dev" : RUNHCS_COMMIT;
}

/** Version, commit and specification, a line each, as engines read them. */
export function versionText(): string {
  return [`runhcs version ${version()}`, `commit: ${commit()}`, `spec: ${OCI_VERSION}`].join("\n");
}
