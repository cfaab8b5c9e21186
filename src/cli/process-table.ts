import { spawnSync } from "node:child_process";
import { PlatformError, ToolError, UsageError } from "../base/errors.ts";
import type { ProcessDetails } from "../hcs/compute-service.ts";

/**
 * Describes processes by what the compute service itself tells of them.
 *
 * @param options must be empty: they are those of ps(1), which does not see these processes
 * @returns header and rows
 * @throws {UsageError}
 */
export function detailTable(
  details: readonly ProcessDetails[],
  options: readonly string[],
): [header: string[], rows: string[][]] {
  if (options.length > 0) {
    throw new UsageError(`Cannot use ${options.join(" ")}: this host has no ps whose options these could be`);
  }
  const rows = details.map(
    ({ ProcessId, ImageName = "", CreateTimestamp = "", MemoryWorkingSetPrivateBytes = 0 }) => [
      String(ProcessId),
      ImageName,
      CreateTimestamp,
      String(MemoryWorkingSetPrivateBytes),
    ],
  );
  return [["PID", "NAME", "CREATED", "MEMORY"], rows];
}

/**
 * Lets ps(1) describe processes of the host and keeps the given ones.
 *
 * @param options of ps; they must leave a PID column
 * @throws {ToolError | PlatformError}
 */
export function processTable(pids: readonly number[], options: readonly string[]): string[] {
  const words = options.length === 0 ? ["-ef"] : [...options];
  const { status, stdout, stderr, error } = spawnSync("ps", words, { encoding: "utf8" });
  if (error !== undefined) {
    throw new PlatformError(
      "PLATFORM_MISSING",
      `Cannot list processes: ps could not be started (${error.message})`,
      {
        hint: "Install procps, or use --format json",
      },
    );
  }
  if (status !== 0)
    throw new ToolError(`Cannot list processes: ps ${words.join(" ")} failed: ${stderr.trim()}`, stderr);
  return keepRows(stdout.trimEnd().split("\n"), new Set(pids));
}

function keepRows([header = "", ...rows]: readonly string[], pids: ReadonlySet<number>): string[] {
  const column = header.trim().split(/\s+/).indexOf("PID");
  if (column < 0) {
    throw new PlatformError(
      "PLATFORM_UNSUPPORTED",
      "Cannot list processes: the output of ps has no PID column",
      {
        hint: "Add pid to the columns that you ask ps for",
      },
    );
  }
  return [header, ...rows.filter((row) => pids.has(Number(row.trim().split(/\s+/)[column])))];
}
