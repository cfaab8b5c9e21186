import { quoteName } from "../format-error.ts";
import { FieldError } from "./header.ts";

/** Finds an empty name, `.` or `..` between slashes. */
const ODD_PART = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * Turns a name of an archive into a path below its root: without `.`, `..`, empty parts and outer slashes.
 *
 * @throws {FieldError} if it leads out of the root
 * @example toEntryPath("./usr//bin/../lib/") // "usr/lib"
 */
export function toEntryPath(name: string): string {
  const start = name.startsWith("./") ? 2 : 0;
  const end = name.endsWith("/") ? name.length - 1 : name.length;
  const inner = name.slice(start, Math.max(start, end));
  return ODD_PART.test(inner) ? cleanPath(name) : inner;
}

/** Whether `path` is clean and not the root itself. */
export function isEntryPath(path: string): boolean {
  return !ODD_PART.test(path);
}

function cleanPath(name: string): string {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined)
      throw new FieldError(`its path ${quoteName(name)} leads out of the archive`);
  }
  return parts.join("/");
}
