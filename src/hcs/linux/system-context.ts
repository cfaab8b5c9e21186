/**
 * What the embedded compute service keeps about one compute system, as HCS keeps its own.
 *
 * `<root>/@hcs/<id>/` holds system.json (the record), config.json (the specification that is executed) and
 * pid (written by the executor); `<root>/@crun` and `<root>/@runc` are the executors' own state folders.
 * The `@` keeps these names apart from container ids.
 */
import { join } from "node:path";
import type { Executor, ExecutorName } from "./executor.ts";
import type { Machine } from "./machine.ts";

/** Options of the service, the same for every system. */
export interface ServiceOptions {
  /** Absolute path of the state folder. */
  root: string;
  systemdCgroup: boolean;
  /** `true`, `false` or `auto`. */
  rootless: string;
}

/** The record of one compute system. */
export interface SystemRecord {
  executor: Executor;
  /** The bundle's folder. */
  bundle: string;
  /** Whether the container lives in the pid namespace of the host or of another container. */
  sharesPids: boolean;
  /** Folder of the scratch that is mounted for it; undefined if it has a root file system of its own. */
  scratch?: string;
  /** Name of the call that made it, which tells it from a later system of the same id. */
  maker: string;
}

/** Paths of one compute system. */
export interface SystemFolder {
  path: string;
  record: string;
  config: string;
  pidFile: string;
}

/** One compute system, with all that an operation on it needs. */
export interface SystemContext {
  machine: Machine;
  options: ServiceOptions;
  id: string;
  folder: SystemFolder;
  record: SystemRecord;
}

/** The folder that holds all systems. */
export function systemsRoot(root: string): string {
  return join(root, "@hcs");
}

/** The state folder of an executor. */
export function executorRoot(root: string, name: ExecutorName): string {
  return join(root, `@${name}`);
}

/** The paths of one system; nothing is read or made. */
export function systemFolder(root: string, id: string): SystemFolder {
  const path = join(systemsRoot(root), id);
  return {
    path,
    record: join(path, "system.json"),
    config: join(path, "config.json"),
    pidFile: join(path, "pid"),
  };
}

/** Reads a system's record. @returns undefined if it is absent or was cut short by a crash */
export async function readSystemRecord(
  machine: Machine,
  folder: SystemFolder,
): Promise<SystemRecord | undefined> {
  const text = await machine.readText(folder.record);
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as Partial<SystemRecord>;
    if (typeof record.executor?.path !== "string" || typeof record.bundle !== "string") return undefined;
    const { executor, bundle, sharesPids, maker = "", scratch } = record;
    const layers = typeof scratch === "string" ? { scratch } : {};
    return { executor, bundle, sharesPids: sharesPids === true, maker, ...layers };
  } catch {
    return undefined;
  }
}
