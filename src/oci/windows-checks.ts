/**
 * Rules for configurations of Windows containers.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config-windows.md
 */
import { win32 } from "node:path";
import type { BundleFault } from "../base/errors.ts";
import { faultAt, shown } from "../schema/faults.ts";
import { type ConfigCheck, isAbsolutePath } from "./loose-config.ts";

const volumePath = /^\\\\\?\\Volume\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}\\?$/i;

/** Engines send an empty root, and leave it to the runtime to mount the layers. */
const root: ConfigCheck = ({ root, windows }) => {
  const faults: BundleFault[] = [];
  const path = root?.path ?? "";
  if (path !== "" && windows?.hyperv !== undefined) {
    faults.push(faultAt("/root/path", path, "absent with windows.hyperv"));
  } else if (path !== "" && !volumePath.test(path)) {
    faults.push(faultAt("/root/path", path, "a volume path of the form \\\\?\\Volume{GUID}\\"));
  }
  if (root?.readonly === true) faults.push(faultAt("/root/readonly", true, "false or absent on Windows"));
  return faults;
};

/** Destinations are absolute, and none is or lies within another. */
const mounts: ConfigCheck = ({ mounts = [] }) => {
  const faults: BundleFault[] = [];
  const taken = new Map<string, string>();
  mounts.forEach(({ destination }, index) => {
    if (destination === undefined) return;
    const pointer = `/mounts/${index}/destination`;
    const folder = comparable(destination);
    if (!isAbsolutePath(destination, true)) faults.push(faultAt(pointer, destination, "an absolute path"));
    else if (taken.has(folder))
      faults.push(faultAt(pointer, destination, "the destination of one mount only"));
    taken.set(folder, destination);
  });
  mounts.forEach(({ destination }, index) => {
    if (destination === undefined || !isAbsolutePath(destination, true)) return;
    const outer = outerFolders(comparable(destination)).find((folder) => taken.has(folder));
    if (outer === undefined) return;
    faults.push(
      faultAt(`/mounts/${index}/destination`, destination, `outside of ${shown(taken.get(outer))}`),
    );
  });
  return faults;
};

/** The folders around a comparable path: `c:\a\` and `c:\` of `c:\a\b\`. */
function outerFolders(folder: string): string[] {
  return [...folder.slice(0, -1).matchAll(/\\/g)].map(({ index }) => folder.slice(0, index + 1));
}

/** A path in the one spelling of a folder that Windows takes for the same. */
function comparable(path: string): string {
  return `${win32.normalize(path).toLowerCase().replace(/\\$/, "")}\\`;
}

const processor: ConfigCheck = ({ windows }) => {
  const { count, shares, maximum } = windows?.resources?.cpu ?? {};
  const set = Object.entries({ count, shares, maximum }).filter(
    ([, value]) => value !== undefined && value > 0,
  );
  if (set.length < 2) return [];
  const names = set.map(([name]) => name).join(" and ");
  const message = `found ${names}, must have at most one of count, shares and maximum`;
  return [{ pointer: "/windows/resources/cpu", message }];
};

/** What a Windows container needs beyond the schema. */
export const windowsChecks: readonly ConfigCheck[] = [root, mounts, processor];
