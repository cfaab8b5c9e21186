import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type BundleFault, BundleError } from "../../../src/base/errors.ts";
import { stringifyJson } from "../../../src/base/lossless-json.ts";
import { loadBundle } from "../../../src/oci/bundle.ts";

/** Makes a folder with an empty rootfs, which is removed after the tests of the file. */
export function makeBundle(): string {
  const folder = mkdtempSync(join(tmpdir(), "runhcs-bundle-"));
  mkdirSync(join(folder, "rootfs"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a config.json: bytes and texts as they are, anything else as JSON. */
export function writeConfig(folder: string, config: unknown): void {
  const content = typeof config === "string" || config instanceof Uint8Array ? config : stringifyJson(config);
  writeFileSync(join(folder, "config.json"), content);
}

/** The error with which an action fails; no error at all or another one fails the test. */
export function bundleErrorOf(action: () => unknown): BundleError {
  try {
    action();
  } catch (error) {
    if (error instanceof BundleError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** The faults that loading a bundle with this configuration reports. */
export function faultsOf(folder: string, config: unknown): BundleFault[] {
  writeConfig(folder, config);
  return [...bundleErrorOf(() => loadBundle(folder)).faults];
}
