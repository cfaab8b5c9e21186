import { resolve } from "node:path";
import { BundleError } from "../base/errors.ts";
import type { OciProcess } from "../schema/oci.ts";
import { checkProcess } from "../schema/validate.ts";
import { allFaults } from "./all-faults.ts";
import { invalid, readJsonFile } from "./json-file.ts";
import { processFaults } from "./process-checks.ts";

/**
 * Loads the process that an engine asks exec to run.
 *
 * @param isOnWindows whether its folder may be one of Windows, which makes it a process of a Windows container
 * @throws {BundleError} `BUNDLE_MISSING` if the file is absent, `BUNDLE_INVALID` with every fault at once
 */
export function loadProcess(file: string, isOnWindows = false): OciProcess {
  const path = resolve(file);
  const source = {
    action: "load process",
    path,
    name: "the process file",
    absent: "the file does not exist",
  };
  const document = readJsonFile(path, source);
  if (isEmpty(document)) {
    const message = `Cannot load process "${path}": process property must not be empty`;
    throw new BundleError("BUNDLE_INVALID", path, message);
  }
  const { value: process, faults } = checkProcess(document);
  const everyFault = allFaults<OciProcess>(document, faults, (rest) =>
    processFaults(rest, "", isOnWindows && rest.cwd?.startsWith("/") === false),
  );
  if (process === undefined || everyFault.length > 0) throw invalid(source, everyFault);
  return process;
}

function isEmpty(document: unknown): boolean {
  return document === null || (typeof document === "object" && Object.keys(document).length === 0);
}
