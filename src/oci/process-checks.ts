/** Rules for a process, be it the first of a container or one that exec adds. */
import type { BundleFault } from "../base/errors.ts";
import { missingAt, shown } from "../schema/faults.ts";
import type { OciProcess } from "../schema/oci.ts";
import { isAbsolutePath, type Loose } from "./loose-config.ts";

/**
 * Finds what the schema cannot state. The words after what was found are those that runc's callers know.
 *
 * @param pointer where the process is in its document
 */
export function processFaults(
  process: Loose<OciProcess>,
  pointer: string,
  windowsRules: boolean,
): BundleFault[] {
  return [
    ...cwdFaults(process, pointer, windowsRules),
    ...(windowsRules ? commandLineFaults(process, pointer) : argsFaults(process, pointer)),
    ...(windowsRules ? [] : userFaults(process, pointer)),
    ...rlimitFaults(process, pointer),
  ];
}

function cwdFaults({ cwd }: Loose<OciProcess>, pointer: string, windowsRules: boolean): BundleFault[] {
  if (cwd === undefined || isAbsolutePath(cwd, windowsRules)) return [];
  const rule = cwd === "" ? "Cwd property must not be empty" : "Cwd must be an absolute path";
  return [{ pointer: `${pointer}/cwd`, message: `found ${shown(cwd)}, ${rule}` }];
}

function argsFaults({ args }: Loose<OciProcess>, pointer: string): BundleFault[] {
  if (args !== undefined && args.length > 0) return [];
  const found = args === undefined ? "missing" : `found ${shown(args)}`;
  return [{ pointer: `${pointer}/args`, message: `${found}, args must not be empty` }];
}

function commandLineFaults({ args, commandLine }: Loose<OciProcess>, pointer: string): BundleFault[] {
  if ((args !== undefined && args.length > 0) || (commandLine !== undefined && commandLine !== "")) return [];
  return [{ pointer: `${pointer}/commandLine`, message: "missing, commandLine or args must not be empty" }];
}

function userFaults({ user }: Loose<OciProcess>, pointer: string): BundleFault[] {
  if (user === undefined) return [];
  return [
    ...(user.uid === undefined ? [missingAt(`${pointer}/user/uid`)] : []),
    ...(user.gid === undefined ? [missingAt(`${pointer}/user/gid`)] : []),
  ];
}

function rlimitFaults({ rlimits = [] }: Loose<OciProcess>, pointer: string): BundleFault[] {
  const seen = new Set<string>();
  const faults: BundleFault[] = [];
  rlimits.forEach(({ type }, index) => {
    if (type !== undefined && seen.has(type)) {
      faults.push({
        pointer: `${pointer}/rlimits/${index}/type`,
        message: `found ${type} twice, must be there once`,
      });
    }
    if (type !== undefined) seen.add(type);
  });
  return faults;
}
