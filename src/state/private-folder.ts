/**
 * State folders that only the call knows that made their name: one that is not whole yet, or one that is no container
 * any more. `<root>/@state.<pid>.<clock>` gets the container's name, or takes it away, with its whole content at once.
 */
import { join } from "node:path";
import { callName } from "../base/call-name.ts";

/** How the name of each begins; a pid and a number follow, as in a call's name. */
export const PRIVATE_PREFIX = "@state.";

/** A path that nothing has. */
export function privateFolder(root: string): string {
  return join(root, `${PRIVATE_PREFIX}${callName()}`);
}
