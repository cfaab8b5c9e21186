import type { FileEntry } from "../file-entry.ts";
import { quoteName, quoteSome } from "../format-error.ts";
import { parseAclText } from "./acl-text.ts";
import type { PaxRecords } from "./pax.ts";

/**
 * Gives an entry the access control lists that its extended header has as texts. An attribute that is there already
 * is exact and wins; what no kernel would take is left out: lists of links, and defaults of all but directories.
 *
 * @param warn is told of list entries that have a name without a number
 * @throws {FieldError} if a text is no such list
 */
export function addAcls(entry: FileEntry, pax: PaxRecords, warn: (message: string) => void): void {
  if (pax.aclAccess === undefined && pax.aclDefault === undefined) return;
  if (entry.type === "symlink" || entry.type === "hardlink") return;
  addAcl(entry, "access", pax.aclAccess, warn);
  if (entry.type === "directory") addAcl(entry, "default", pax.aclDefault, warn);
}

function addAcl(
  entry: FileEntry,
  kind: "access" | "default",
  text: string | undefined,
  warn: (message: string) => void,
): void {
  const attribute = `system.posix_acl_${kind}`;
  if (text === undefined || entry.xattrs?.has(attribute) === true) return;
  const { value, unresolved } = parseAclText(text);
  if (value !== undefined) entry.xattrs = new Map([...(entry.xattrs ?? []), [attribute, value]]);
  if (unresolved.length === 0) return;
  warn(
    `Left out ${quoteSome(unresolved)} of the ${kind} list of ${quoteName(entry.path)}: the tar tells no number for the name`,
  );
}
