import { UsageError } from "../../base/errors.ts";
import type { Version } from "../../schema/hcs.ts";
import type { DocumentHost } from "./document-host.ts";
import { OS_BUILDS } from "./os-builds.ts";

/** A version of the schema of HCS, complete. */
export type SchemaVersion = Required<Version>;

/** The schema of ContainerConfig, all that hosts before version 1809 know. */
export const SCHEMA_V1: SchemaVersion = { Major: 1, Minor: 0 };

/** The schema in which all other documents are written. */
export const SCHEMA_V2: SchemaVersion = { Major: 2, Minor: 1 };

/**
 * Chooses the schema of a container's document: 2.1 in a utility VM, else the one that was asked for, else the
 * newest that the host knows. A version that the host does not know is replaced, with a warning.
 *
 * @throws {UsageError} if there is no such version
 */
export function chooseSchemaVersion(
  { requested, isHosted }: { requested: SchemaVersion | undefined; isHosted: boolean },
  host: Pick<DocumentHost, "osBuild" | "warn">,
): SchemaVersion {
  if (requested !== undefined && !isKnown(requested)) {
    throw new UsageError(`Cannot use schema version "${versionText(requested)}": it must be 1.0 or 2.1`);
  }
  if (isHosted) return SCHEMA_V2;
  const newest = host.osBuild >= OS_BUILDS.RS5 ? SCHEMA_V2 : SCHEMA_V1;
  if (requested === undefined || requested.Major === newest.Major) return newest;
  if (requested.Major === SCHEMA_V1.Major) return SCHEMA_V1;
  host.warn(
    `Windows build ${host.osBuild} knows no schema ${versionText(requested)}, ${versionText(newest)} is used`,
  );
  return newest;
}

/** A version as people write it: `2.1`. */
export function versionText({ Major, Minor }: SchemaVersion): string {
  return `${Major}.${Minor}`;
}

function isKnown(version: SchemaVersion): boolean {
  return [SCHEMA_V1, SCHEMA_V2].some((known) => versionText(known) === versionText(version));
}
