import { shown } from "../../schema/faults.ts";
import { documentFault } from "./fault.ts";

const VOLUME = /^\\\\\?\\Volume\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}(?=\\?$)/i;

/**
 * The volume of an argon container's root file system, without a backslash at its end.
 *
 * @throws {BundleError} if it is no volume
 */
export function volumePath(path: string): string {
  const [volume] = VOLUME.exec(path) ?? [];
  if (volume !== undefined) return volume;
  throw documentFault(["root", "path"], `is ${shown(path)}, must be a volume \\\\?\\Volume{GUID}\\`);
}
