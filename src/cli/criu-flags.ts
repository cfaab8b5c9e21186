import { resolve } from "node:path";
import * as Flags from "@oclif/core/flags";
import type { SaveOptions } from "../hcs/compute-service.ts";

/** Switches and options of CRIU that both checkpoint and restore take. */
export const criuFlags = {
  "image-path": Flags.string({ description: "folder of the saved files", default: "checkpoint" }),
  "work-path": Flags.string({ description: "folder of CRIU's own files and logs" }),
  "tcp-established": Flags.boolean({ description: "keep open TCP connections" }),
  "ext-unix-sk": Flags.boolean({ description: "keep unix sockets to the outside" }),
  "shell-job": Flags.boolean({ description: "keep the terminal of a shell" }),
  "file-locks": Flags.boolean({ description: "keep file locks" }),
  "manage-cgroups-mode": Flags.string({ description: "soft, full, strict or ignore" }),
  "empty-ns": Flags.string({ description: "namespace to leave empty: network" }),
  "auto-dedup": Flags.boolean({ description: "remove double pages" }),
  "lazy-pages": Flags.boolean({ description: "move memory pages when they are used" }),
};

/** Flags of checkpoint alone. */
export const checkpointFlags = {
  ...criuFlags,
  "parent-path": Flags.string({ description: "folder of an earlier pre-dump" }),
  "leave-running": Flags.boolean({ description: "let the container go on" }),
  "tcp-skip-in-flight": Flags.boolean({ description: "leave out connections that are being made" }),
  "link-remap": Flags.boolean({ description: "keep files that were unlinked" }),
  "status-fd": Flags.string({ description: "descriptor that is told of progress" }),
  "page-server": Flags.string({ description: "ADDRESS:PORT of a page server" }),
  "pre-dump": Flags.boolean({ description: "save memory only, ahead of the checkpoint" }),
};

/** Flags of restore alone. */
export const restoreFlags = {
  ...criuFlags,
  "lsm-profile": Flags.string({ description: "security profile to apply" }),
  "lsm-mount-context": Flags.string({ description: "security context of mounts" }),
};

/** The parsed values of such flags as the compute service takes them. */
export function saveOptions(table: object, values: Readonly<Record<string, unknown>>): SaveOptions {
  const flags: SaveOptions["Flags"] = {};
  for (const name of Object.keys(table)) {
    const value = values[name];
    if (name === "image-path" || value === undefined || value === false) continue;
    flags[name] = value === true ? true : String(value);
  }
  return { ImagePath: resolve(String(values["image-path"])), Flags: flags };
}
