/**
 * Looks for a container's program before the executor does, so that the commonest mistake of all, a program
 * that is not there, is told in our words alone: an executor writes its own line to the container's stderr.
 *
 * Only a certain answer counts. A path that leads through a mount of the container is left to the executor.
 */
import { posix } from "node:path";
import { ProcessError } from "../../base/errors.ts";
import type { OciProcess } from "../../schema/oci.ts";
import type { FileUser } from "./access.ts";
import { findInRoot, mountPlace, type RootView } from "./find-in-root.ts";

/** Where and how a program is looked for. */
export interface ProgramSearch extends RootView {
  args: readonly string[];
  env: readonly string[];
  /** The working folder, where a relative path with a slash starts. */
  cwd: string;
}

/** Used when the container's environment has none, as the executors do. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Looks whether a program can be run.
 *
 * @param subject names the container, in the words `container "web"`
 * @throws {ProcessError} when the program certainly cannot be run, with the phrase that engines look for
 */
export async function checkProgram(subject: string, search: ProgramSearch): Promise<void> {
  const program = search.args[0];
  if (program === undefined || program === "") return;
  if ((await faultOf(search, program)) === undefined) return;
  // Only a refusal is worth the price of following every mount to where it lands.
  const mounts = await Promise.all(search.mounts.map((destination) => mountPlace(search, destination)));
  const fault = await faultOf({ ...search, mounts }, program);
  if (fault === undefined) return;
  throw new ProcessError(
    `Cannot run ${subject}: unable to start container process: exec: "${program}": ${fault}`,
    {
      hint: "Check process.args, process.env PATH and the root file system",
    },
  );
}

async function faultOf(search: ProgramSearch, program: string): Promise<string | undefined> {
  return program.includes("/") ? pathFault(search, program) : nameFault(search, program);
}

async function pathFault(search: ProgramSearch, program: string): Promise<string | undefined> {
  switch (await findInRoot(search, posix.resolve(search.cwd, program))) {
    case "missing":
      return `stat ${program}: no such file or directory`;
    case "not a directory":
      return `stat ${program}: not a directory`;
    case "forbidden":
      return "permission denied";
    default:
      return undefined;
  }
}

async function nameFault(search: ProgramSearch, program: string): Promise<string | undefined> {
  const variable = search.env.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length);
  for (const folder of (variable ?? DEFAULT_PATH).split(":")) {
    const finding = await findInRoot(search, posix.resolve(search.cwd, folder, program));
    if (finding === "program" || finding === "unsure") return undefined;
  }
  return "executable file not found in $PATH";
}

const OVERRIDE = "CAP_DAC_OVERRIDE";

/** The user of a process whose ids are those of the host. */
export function fileUser({ user, capabilities }: OciProcess): FileUser {
  const uid = user?.uid ?? 0;
  const has = [...(capabilities?.effective ?? []), ...(capabilities?.ambient ?? [])].includes(OVERRIDE);
  return { uid, overridesAccess: uid === 0 || has };
}
