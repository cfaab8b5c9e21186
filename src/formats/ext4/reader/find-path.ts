import { FormatError, quoteName } from "../../format-error.ts";
import type { Ext4Reader, FoundFile } from "./ext4-reader.ts";

/** Symlinks that are followed on the way to a file, as many as Linux follows. */
const LINKS_MAX = 40;

/**
 * Finds a file by its path, a byte string, as a program would that has the image as its root: symlinks are followed,
 * and no way leads out.
 *
 * @returns undefined if there is no such file
 * @throws {FormatError} if the image is damaged on the way, or links follow each other in a circle
 */
export function findPath(reader: Ext4Reader, path: string): FoundFile | undefined {
  const left = path.split("/").toReversed();
  const trail = [reader.root()];
  let links = 0;
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (trail.length > 1) trail.pop();
      continue;
    }
    const here = trail.at(-1);
    if (here === undefined || here.entry.type !== "directory") return undefined;
    const found = reader.child(here, part);
    if (found === undefined) return undefined;
    const { linkTarget } = found.entry;
    if (linkTarget === undefined) {
      trail.push(found);
      continue;
    }
    if (++links > LINKS_MAX)
      throw new FormatError(
        `Cannot find ${quoteName(path)}: it leads through more than ${LINKS_MAX} symlinks`,
      );
    if (linkTarget.startsWith("/")) trail.splice(1);
    left.push(...linkTarget.split("/").toReversed());
  }
  const last = trail.at(-1);
  return last !== undefined && path.endsWith("/") && last.entry.type !== "directory" ? undefined : last;
}
