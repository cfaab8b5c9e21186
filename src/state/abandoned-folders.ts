import { readdirSync } from "node:fs";
import { join } from "node:path";
import { hasLivingCaller } from "../base/call-name.ts";
import { ifExists } from "../base/files.ts";
import { PRIVATE_PREFIX } from "./private-folder.ts";

/** Private folders whose call was killed before it had filled or emptied them, in alphabetical order. */
export function abandonedFolders(root: string): string[] {
  const entries = ifExists(() => readdirSync(root, { withFileTypes: true })) ?? [];
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(PRIVATE_PREFIX))
    .filter(({ name }) => !hasLivingCaller(name.slice(PRIVATE_PREFIX.length)))
    .map(({ name }) => join(root, name))
    .toSorted();
}
