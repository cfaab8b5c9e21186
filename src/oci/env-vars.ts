import { shown } from "../schema/faults.ts";
import { configFault } from "./config-fault.ts";

/** A variable of a process's environment. */
export interface EnvVar {
  name: string;
  value: string;
}

const ACTION = "read the environment";

/**
 * Splits `NAME=value` at the first equals sign and strips spaces and single quotes around the value.
 *
 * @throws {BundleError} `BUNDLE_INVALID` if an entry has no equals sign or no name
 */
export function envVars(entries: readonly string[]): EnvVar[] {
  return entries.map((entry, index) => {
    const variable = splitEntry(entry);
    const place = ["process", "env", index];
    if (variable === undefined)
      throw configFault(ACTION, place, `is ${shown(entry)}, must contain an equals sign`);
    if (variable.name === "") throw configFault(ACTION, place, `is ${shown(entry)}, must begin with a name`);
    return { name: variable.name, value: variable.value.replace(/^[' ]+|[' ]+$/g, "") };
  });
}

/** Splits `NAME=value` at the first equals sign and keeps the value as it is; undefined without that sign. */
export function splitEntry(entry: string): EnvVar | undefined {
  const at = entry.indexOf("=");
  return at < 0 ? undefined : { name: entry.slice(0, at), value: entry.slice(at + 1) };
}
