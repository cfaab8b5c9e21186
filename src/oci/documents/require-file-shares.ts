import type { DocumentHost } from "./document-host.ts";
import { documentFault } from "./fault.ts";
import { OS_BUILDS } from "./os-builds.ts";

/**
 * Makes sure that the host can show one file of a folder to a Linux guest and hide the others.
 *
 * @param index number of the mount whose source is a file
 * @throws {BundleError} if the host is too old for that
 */
export function requireFileShares(index: number, { osBuild }: Pick<DocumentHost, "osBuild">): void {
  if (osBuild >= OS_BUILDS.V19H1) return;
  const found = `single-file mappings are not supported on this build of Windows, ${osBuild}`;
  throw documentFault(["mounts", index, "source"], `is a file: ${found}`);
}
