import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { BundleError, errnoCode } from "../base/errors.ts";
import { onOneLine } from "../schema/faults.ts";
import type { OciConfig } from "../schema/oci.ts";
import { checkConfig } from "../schema/validate.ts";
import { allFaults } from "./all-faults.ts";
import { invalid, readJsonFile } from "./json-file.ts";
import { configFaults } from "./semantic-checks.ts";

/** The words by which engines know that there is no bundle. */
const absent = "JSON specification file config.json not found";

/** A folder with a root file system and a valid config.json. */
export interface Bundle {
  /** Absolute path of the folder. */
  path: string;
  config: OciConfig;
}

/**
 * Loads a bundle and checks its config.json against the schema and the specification.
 *
 * @throws {BundleError} `BUNDLE_MISSING` if the folder or its config.json is absent, `BUNDLE_INVALID` with every
 * fault at once if config.json cannot be used
 * @see https://github.com/opencontainers/runtime-spec/blob/main/bundle.md
 */
export function loadBundle(folder: string): Bundle {
  const path = resolve(folder);
  const source = { action: "load bundle", path, name: "config.json", absent };
  requireFolder(path);
  const document = readJsonFile(join(path, "config.json"), source);
  const { value: config, faults } = checkConfig(document);
  const everyFault = allFaults<OciConfig>(document, faults, (rest) => configFaults(rest, path));
  if (config === undefined || everyFault.length > 0) throw invalid(source, everyFault);
  return { path, config };
}

function requireFolder(path: string): void {
  const problem = problemOf(path);
  if (problem === undefined) return;
  const message = `Cannot load bundle "${onOneLine(path)}": ${problem}, ${absent}`;
  throw new BundleError("BUNDLE_MISSING", path, message);
}

function problemOf(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : "it is not a folder";
  } catch (error) {
    return errnoCode(error) === "ENOENT"
      ? "the folder does not exist"
      : `the folder cannot be read (${errnoCode(error)})`;
  }
}
