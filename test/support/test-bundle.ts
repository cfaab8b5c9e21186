// Bundles that tests run: busybox as the root file system, and the smallest useful configuration.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringifyJson } from "../../src/base/lossless-json.ts";
import type { OciConfig, OciProcess } from "../../src/schema/oci.ts";

/** A configuration and all its parts that tests change. */
export type TestConfig = OciConfig & Required<Pick<OciConfig, "process" | "root" | "mounts" | "linux">>;

/** A process that runs a shell script. */
export function shellProcess(script: string): OciProcess {
  return { ...processOf(["sh", "-c", script]) };
}

/** A process that runs a program. */
export function processOf(args: string[]): OciProcess {
  return { args, env: ["PATH=/bin"], cwd: "/", user: { uid: 0, gid: 0 } };
}

/** The configuration of a container whose root file system is in a folder. */
export function configOf(rootfs: string, process: OciProcess): TestConfig {
  return {
    ociVersion: "1.0.2",
    process,
    root: { path: rootfs },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
      {
        destination: "/dev/pts",
        type: "devpts",
        source: "devpts",
        options: ["newinstance", "ptmxmode=0666"],
      },
    ],
    linux: { namespaces: [{ type: "pid" }, { type: "ipc" }, { type: "uts" }, { type: "mount" }] },
  };
}

/** Writes a bundle. @returns its folder */
export function writeBundle(folder: string, config: OciConfig): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "config.json"), stringifyJson(config));
  return folder;
}
