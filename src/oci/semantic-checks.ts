/**
 * What the specification demands of a config.json beyond its schema.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md
 */
import type { BundleFault } from "../base/errors.ts";
import { faultAt } from "../schema/faults.ts";
import type { OciConfig, OciHooks } from "../schema/oci.ts";
import { linuxChecks } from "./linux-checks.ts";
import { type ConfigCheck, hasWindowsRules, isAbsolutePath, type Loose } from "./loose-config.ts";
import { processFaults } from "./process-checks.ts";
import { windowsChecks } from "./windows-checks.ts";

/**
 * Finds all that is wrong with a configuration which obeys the schema, or with what is left of one that does not.
 *
 * @param bundle absolute path of the bundle's folder
 */
export function configFaults(config: Loose<OciConfig>, bundle: string): BundleFault[] {
  const checks = [...commonChecks, ...(hasWindowsRules(config) ? windowsChecks : linuxChecks)];
  return checks.flatMap((check) => check(config, bundle));
}

/** Versions with the same major number are compatible. */
const version: ConfigCheck = ({ ociVersion }) => {
  if (ociVersion === undefined || ociVersion.startsWith("1.")) return [];
  return [faultAt("/ociVersion", ociVersion, "a version 1.x")];
};

const process: ConfigCheck = (config) =>
  config.process === undefined ? [] : processFaults(config.process, "/process", hasWindowsRules(config));

const mountMappings: ConfigCheck = ({ mounts = [] }) => {
  const faults: BundleFault[] = [];
  mounts.forEach(({ uidMappings, gidMappings }, index) => {
    if ((uidMappings === undefined) === (gidMappings === undefined)) return;
    const [present, absent] =
      uidMappings === undefined ? ["gidMappings", "uidMappings"] : ["uidMappings", "gidMappings"];
    faults.push({ pointer: `/mounts/${index}/${absent}`, message: `missing, but required with ${present}` });
  });
  return faults;
};

const hookPaths: ConfigCheck = (config) => {
  if (hasWindowsRules(config)) return [];
  const faults: BundleFault[] = [];
  for (const name of hookNames) {
    config.hooks?.[name]?.forEach(({ path }, index) => {
      if (path === undefined || isAbsolutePath(path, false)) return;
      faults.push(faultAt(`/hooks/${name}/${index}/path`, path, "an absolute path"));
    });
  }
  return faults;
};

const hookNames = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const satisfies readonly (keyof OciHooks)[];

const annotationKeys: ConfigCheck = ({ annotations = {} }) =>
  Object.hasOwn(annotations, "")
    ? [{ pointer: "/annotations/", message: "found an empty key, must have a name" }]
    : [];

const commonChecks: readonly ConfigCheck[] = [version, process, mountMappings, hookPaths, annotationKeys];
