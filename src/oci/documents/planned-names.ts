/** What the host tells of a container once it is made, for one that is only planned. */
import type { ContainerCredentialGuardState } from "../../schema/hcs.ts";
import type { CreateOptions } from "./create-options.ts";
import { credentialSpec, unguardedCredentials } from "./credentials.ts";
import type { DocumentHost } from "./document-host.ts";
import { chosenNamespace } from "./networking.ts";
import { chooseSchemaVersion, SCHEMA_V2 } from "./schema-version.ts";
import { standInGuid } from "./stand-in-ids.ts";

/** The namespace that a container joins; one that would be made, or looked up, has a stand-in. */
export function plannedNamespace(options: CreateOptions, host: DocumentHost): string | undefined {
  const { id, spec, networkNamespace, isTemplate = false } = options;
  const chosen = chosenNamespace(spec, networkNamespace);
  const isNamed = chosen !== undefined || spec.windows?.network === undefined;
  if (isNamed || isTemplate || !isOfSchema2(options, host)) return chosen;
  host.warn("The network namespace is made up: it is made or found when the container is created");
  return standInGuid(`network of ${id}`);
}

/** What is known of the guard of a container's credentials before the service has been asked. */
export function plannedCredentials(
  options: CreateOptions,
  host: DocumentHost,
): ContainerCredentialGuardState | undefined {
  const spec = credentialSpec(options.spec);
  if (spec === undefined || !isOfSchema2(options, host)) return undefined;
  host.warn("How the guard of the credentials is reached is left out: only the service knows it");
  return unguardedCredentials(spec, options.hostingSystem !== undefined);
}

/** Documents of schema 1 name endpoints and credentials themselves. */
function isOfSchema2(
  { schemaVersion: requested, hostingSystem }: CreateOptions,
  { osBuild }: DocumentHost,
): boolean {
  const silent = { osBuild, warn: () => undefined };
  const isHosted = hostingSystem !== undefined;
  return chooseSchemaVersion({ requested, isHosted }, silent).Major === SCHEMA_V2.Major;
}
