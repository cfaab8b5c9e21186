import { randomBytes } from "node:crypto";
import { closeSync, linkSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cleanUpAfter, errnoCode, LayerError, RuntimeError, systemFault } from "../base/errors.ts";
import { ifExists } from "../base/files.ts";

/** Where a file goes that takes long to make. */
export interface Destination {
  path: string;
  /** Whether an existing file is replaced instead of refused. */
  force: boolean;
}

/**
 * Makes a file that appears at its path whole or not at all, whatever interrupts the work.
 *
 * The bytes go to a hidden neighbour, `.NAME.PID.RANDOM.part`; such neighbours of processes that were killed are removed.
 *
 * @param fill writes the open file
 * @throws {LayerError} LAYER_EXISTS if there is a file that must not be replaced, LAYER_IO if none can be made
 */
export async function makeFile<T>(
  destination: Destination,
  fill: (fd: number) => Promise<T> | T,
): Promise<T> {
  requireFree(destination);
  const { path } = destination;
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${process.pid}.${randomBytes(4).toString("hex")}.part`,
  );
  try {
    removeAbandoned(path);
    const fd = openSync(temporary, "wx+", 0o644);
    try {
      const result = await fillFile(fd, fill);
      publish(temporary, destination);
      return result;
    } catch (error) {
      throw await cleanUpAfter(error, () => rmSync(temporary, { force: true }));
    }
  } catch (error) {
    throw toLayerError(path, error);
  }
}

function requireFree({ path, force }: Destination): void {
  const found = ifExists(() => statSync(path));
  if (found?.isDirectory() === true) {
    throw new LayerError("LAYER_EXISTS", path, `Cannot make file "${path}": it is a folder`, {
      hint: "Name a file in it",
    });
  }
  if (found?.isFile() === false) {
    throw new LayerError("LAYER_EXISTS", path, `Cannot make file "${path}": it is a device or a pipe`, {
      hint: "Name a new file",
    });
  }
  if (found !== undefined && !force) throw exists(path);
}

function exists(path: string): LayerError {
  return new LayerError("LAYER_EXISTS", path, `Cannot make file "${path}": it already exists`, {
    hint: "Replace it with --force",
  });
}

async function fillFile<T>(fd: number, fill: (fd: number) => Promise<T> | T): Promise<T> {
  try {
    return await fill(fd);
  } finally {
    closeSync(fd);
  }
}

/** Without `force`, a link makes sure that a file that has appeared meanwhile is not replaced. */
function publish(temporary: string, { path, force }: Destination): void {
  if (force) return renameSync(temporary, path);
  try {
    linkSync(temporary, path);
    rmSync(temporary, { force: true });
  } catch (error) {
    const code = errnoCode(error);
    if (code === "EEXIST") throw exists(path);
    // Some file systems have no hard links.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "EMLINK") throw error;
    renameSync(temporary, path);
  }
}

function removeAbandoned(path: string): void {
  const [folder, prefix] = [dirname(path), `.${basename(path)}.`];
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix) || !name.endsWith(".part")) continue;
    const [pidText] = name.slice(prefix.length).split(".");
    const pid = Number(pidText);
    if (Number.isSafeInteger(pid) && pid > 0 && !isAlive(pid)) rmSync(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoCode(error) !== "ESRCH";
  }
}

function toLayerError(path: string, error: unknown): unknown {
  if (error instanceof RuntimeError || !(error instanceof Error) || errnoCode(error) === undefined)
    return error;
  return new LayerError("LAYER_IO", path, `Cannot make file "${path}": ${systemFault(error)}`, {
    cause: error,
  });
}
