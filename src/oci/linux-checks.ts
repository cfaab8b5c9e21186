/**
 * Rules for configurations of Linux containers.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md
 */
import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { BundleFault } from "../base/errors.ts";
import { faultAt, missingAt, pointerTo } from "../schema/faults.ts";
import type { LinuxNamespace, OciConfig } from "../schema/oci.ts";
import { isLayered } from "./layered-root.ts";
import { type ConfigCheck, isAbsolutePath, type Loose } from "./loose-config.ts";

/** The root file system is there, unless layers make it, or it is on a Windows host. */
const root: ConfigCheck = (config, bundle) => {
  const { root, windows } = config;
  if (isLayered(config)) return layerFolders(windows?.layerFolders ?? []);
  if (windows !== undefined && (!root?.path || isAbsolutePath(root.path, true))) return [];
  if (root === undefined) return [missingAt("/root")];
  if (root.path === undefined) return [];
  if (root.path === "") return [faultAt("/root/path", root.path, "the folder of the root file system")];
  return isFolder(resolve(bundle, root.path)) ? [] : [faultAt("/root/path", root.path, "an existing folder")];
};

/** Layers, top-most first, and then the scratch, which need not exist. */
function layerFolders(folders: readonly string[]): BundleFault[] {
  if (folders.length < 2) {
    const message = `found ${folders.length} folder, must be at least one layer and the scratch`;
    return [{ pointer: "/windows/layerFolders", message }];
  }
  const faults: BundleFault[] = [];
  folders.forEach((folder, index) => {
    const pointer = `/windows/layerFolders/${index}`;
    const isScratch = index === folders.length - 1;
    if (!isAbsolutePath(folder, false) && !isAbsolutePath(folder, true))
      faults.push(faultAt(pointer, folder, "an absolute path"));
    else if (folders.indexOf(folder) < index) faults.push(faultAt(pointer, folder, "there only once"));
    else if (isAbsolutePath(folder, false) && !isScratch && !isFile(join(folder, "layer.vhd")))
      faults.push(faultAt(pointer, folder, "a folder with a layer.vhd"));
    else if (isAbsolutePath(folder, false) && isScratch && !isFolder(dirname(folder)))
      faults.push(faultAt(pointer, folder, "in an existing folder"));
  });
  return faults;
}

const namespaces: ConfigCheck = ({ linux }) => {
  const seen = new Set<string>();
  const faults: BundleFault[] = [];
  linux?.namespaces?.forEach(({ type, path }, index) => {
    const pointer = `/linux/namespaces/${index}`;
    if (type !== undefined && seen.has(type)) {
      faults.push({ pointer: `${pointer}/type`, message: `found ${type} twice, must be there once` });
    }
    if (type !== undefined) seen.add(type);
    if (path !== undefined && path !== "" && !isAbsolutePath(path, false)) {
      faults.push(faultAt(`${pointer}/path`, path, "an absolute path"));
    }
  });
  return faults;
};

/** Names of the host and domain belong to a UTS namespace. */
const names: ConfigCheck = (config) => {
  if (mayHaveNamespace(config, "uts")) return [];
  return (["hostname", "domainname"] as const)
    .filter((name) => config[name] !== undefined && config[name] !== "")
    .map((name) => faultAt(`/${name}`, config[name], "absent without a namespace of type uts"));
};

const idMappings: ConfigCheck = (config) => {
  if (mayHaveNamespace(config, "user")) return [];
  return (["uidMappings", "gidMappings"] as const)
    .filter((name) => (config.linux?.[name]?.length ?? 0) > 0)
    .map((name) =>
      faultAt(`/linux/${name}`, config.linux?.[name], "absent without a namespace of type user"),
    );
};

const timeOffsets: ConfigCheck = ({ linux }) =>
  Object.keys(linux?.timeOffsets ?? {})
    .filter((clock) => clock !== "monotonic" && clock !== "boottime")
    .map((clock) =>
      faultAt(pointerTo("linux", "timeOffsets", clock), clock, `one of "monotonic", "boottime"`),
    );

const devices: ConfigCheck = ({ linux }) => {
  const faults: BundleFault[] = [];
  linux?.devices?.forEach((device, index) => {
    const pointer = `/linux/devices/${index}`;
    if (device.path !== undefined && !isAbsolutePath(device.path, false)) {
      faults.push(faultAt(`${pointer}/path`, device.path, "an absolute path"));
    }
    if (device.type === undefined || device.type === "p") return;
    if (device.major === undefined) faults.push(missingAt(`${pointer}/major`));
    if (device.minor === undefined) faults.push(missingAt(`${pointer}/minor`));
  });
  return faults;
};

const hiddenPaths: ConfigCheck = ({ linux }) => {
  const faults: BundleFault[] = [];
  for (const name of ["maskedPaths", "readonlyPaths"] as const) {
    linux?.[name]?.forEach((path, index) => {
      if (!isAbsolutePath(path, false))
        faults.push(faultAt(`/linux/${name}/${index}`, path, "an absolute path"));
    });
  }
  return faults;
};

const weightDevices: ConfigCheck = ({ linux }) => {
  const faults: BundleFault[] = [];
  linux?.resources?.blockIO?.weightDevice?.forEach(({ weight, leafWeight }, index) => {
    if (weight !== undefined || leafWeight !== undefined) return;
    const pointer = `/linux/resources/blockIO/weightDevice/${index}`;
    faults.push({ pointer, message: "found neither weight nor leafWeight, must have one of them" });
  });
  return faults;
};

const rdmaDevices: ConfigCheck = ({ linux }) =>
  Object.entries(linux?.resources?.rdma ?? {})
    .filter(([, limits]) => limits?.hcaHandles === undefined && limits?.hcaObjects === undefined)
    .map(([device]) => ({
      pointer: pointerTo("linux", "resources", "rdma", device),
      message: "found neither hcaHandles nor hcaObjects, must have one of them",
    }));

const seccomp: ConfigCheck = ({ linux }) => {
  const filter = linux?.seccomp ?? {};
  const faults: BundleFault[] = [];
  if (filter.listenerMetadata !== undefined && filter.listenerPath === undefined) {
    faults.push({
      pointer: "/linux/seccomp/listenerPath",
      message: "missing, but required with listenerMetadata",
    });
  }
  if (filter.defaultErrnoRet !== undefined && ignoresErrno(filter.defaultAction)) {
    faults.push(errnoFault("/linux/seccomp/defaultErrnoRet", filter.defaultErrnoRet, filter.defaultAction));
  }
  filter.syscalls?.forEach(({ action, errnoRet }, index) => {
    if (errnoRet === undefined || !ignoresErrno(action)) return;
    faults.push(errnoFault(`/linux/seccomp/syscalls/${index}/errnoRet`, errnoRet, action));
  });
  return faults;
};

function ignoresErrno(action: string | undefined): boolean {
  return action !== undefined && action !== "SCMP_ACT_ERRNO" && action !== "SCMP_ACT_TRACE";
}

function errnoFault(pointer: string, found: number, action: string | undefined): BundleFault {
  return faultAt(pointer, found, `absent with ${action}, which has no error number`);
}

/** Whether a namespace is listed, or cannot be told because the list itself is faulty. */
function mayHaveNamespace(config: Loose<OciConfig>, type: LinuxNamespace["type"]): boolean {
  const listed = config.linux?.namespaces ?? [];
  const readable = listed.filter((namespace) => namespace.type !== undefined);
  return readable.length < listed.length || readable.some((namespace) => namespace.type === type);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What a Linux container needs beyond the schema. */
export const linuxChecks: readonly ConfigCheck[] = [
  root,
  names,
  namespaces,
  idMappings,
  timeOffsets,
  devices,
  hiddenPaths,
  weightDevices,
  rdmaDevices,
  seccomp,
];
