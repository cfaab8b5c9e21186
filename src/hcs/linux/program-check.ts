/**
 * Looks for a container's program before the executor does, so that the commonest mistake of all, a program
 * that is not there, is told in our words alone: an executor writes its own line to the container's stderr.
 *
 * Only a certain answer counts. A path that leads through a mount of the container is left to the executor.
 */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { ProcessError } from "../../base/errors.ts";
import { ifExists } from "../../base/files.ts";

/** Where and how a program is looked for. */
export interface ProgramSearch {
  /** The container's root folder, as the caller sees it. */
  root: string;
  /** Folders inside that hold other file systems once the container runs. */
  mounts: readonly string[];
  args: readonly string[];
  env: readonly string[];
  /** The working folder, where a relative path with a slash starts. */
  cwd: string;
}

/** What a look at one path told; `unsure` when only the executor can know. */
type Finding = "program" | "missing" | "not a directory" | "forbidden" | "unsure";

/** The kernel's own limit of links in one path. */
const MAX_LINKS = 40;

/** Used when the container's environment has none, as the executors do. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Looks whether a program can be run.
 *
 * @param subject names the container, in the words `container "web"`
 * @throws {ProcessError} when the program certainly cannot be run, with the phrase that engines look for
 */
export function checkProgram(subject: string, search: ProgramSearch): void {
  const program = search.args[0];
  if (program === undefined || program === "") return;
  const fault = program.includes("/") ? pathFault(search, program) : nameFault(search, program);
  if (fault === undefined) return;
  throw new ProcessError(
    `Cannot run ${subject}: unable to start container process: exec: "${program}": ${fault}`,
    {
      hint: "Check process.args, process.env PATH and the root file system",
    },
  );
}

function pathFault(search: ProgramSearch, program: string): string | undefined {
  switch (find(search, posix.resolve(search.cwd, program))) {
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

function nameFault(search: ProgramSearch, program: string): string | undefined {
  const variable = search.env.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length);
  const findings = (variable ?? DEFAULT_PATH)
    .split(":")
    .map((folder) => find(search, posix.resolve(search.cwd, folder, program)));
  const absent = findings.every((finding) => finding === "missing" || finding === "not a directory");
  return absent ? "executable file not found in $PATH" : undefined;
}

/** Follows a path inside the root step by step, because links must not lead out of it. */
function find(search: ProgramSearch, path: string): Finding {
  let rest = path.split("/").filter((part) => part !== "" && part !== ".");
  let at = "/";
  for (let links = 0; rest.length > 0;) {
    const [part = "", ...further] = rest;
    rest = further;
    const next = posix.join(at, part);
    if (search.mounts.some((mount) => isInside(next, mount))) return "unsure";
    const stats = ifExists(() => lstatSync(posix.join(search.root, next)));
    if (stats === undefined) return "missing";
    if (stats.isSymbolicLink()) {
      if (++links > MAX_LINKS) return "unsure";
      const target = readlinkSync(posix.join(search.root, next));
      rest = [...target.split("/").filter((word) => word !== "" && word !== "."), ...rest];
      if (target.startsWith("/")) at = "/";
    } else if (rest.length > 0 && !stats.isDirectory()) return "not a directory";
    else if (rest.length === 0) return judge(stats);
    else at = next;
  }
  return "forbidden";
}

function judge(stats: Stats): Finding {
  if (stats.isDirectory()) return "forbidden";
  if (!stats.isFile()) return "unsure";
  return (stats.mode & 0o111) === 0 ? "forbidden" : "program";
}

function isInside(path: string, mount: string): boolean {
  const folder = posix.resolve("/", mount);
  return folder !== "/" && (path === folder || path.startsWith(`${folder}/`));
}
