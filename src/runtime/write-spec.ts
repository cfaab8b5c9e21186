import { writeFileSync } from "node:fs";
import { resolve, join } from "node:path";
import { errnoCode, UsageError } from "../base/errors.ts";
import { stringifyJson } from "../base/lossless-json.ts";
import { defaultSpec, type DefaultSpecOptions } from "../oci/default-spec.ts";

/** Writes a config.json to start from. @throws {UsageError} if there is one already, or it cannot be written */
export function writeDefaultSpec(folder: string, options: DefaultSpecOptions): void {
  const path = join(resolve(folder), "config.json");
  try {
    writeFileSync(path, `${stringifyJson(defaultSpec(options), 2)}\n`, { flag: "wx", mode: 0o666 });
  } catch (error) {
    const reason =
      errnoCode(error) === "EEXIST" ? "it exists, remove it first" : (errnoCode(error) ?? String(error));
    throw new UsageError(`Cannot write "${path}": ${reason}`, { cause: error });
  }
}
