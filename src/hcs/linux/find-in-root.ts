/** Looks at a path inside a container's root, before or while it runs. */
import { posix } from "node:path";
import { errnoCode } from "../../base/errors.ts";
import { certainlyForbidden, type FileUser } from "./access.ts";
import type { FileLook, MachineFiles } from "./machine.ts";

/** A root file system as one process of the container will see it. */
export interface RootView {
  /** Where the root folder is. */
  machine: MachineFiles;
  /** The container's root folder, as the machine sees it. */
  root: string;
  /** Folders inside that hold other file systems once the container runs. */
  mounts: readonly string[];
  /** Undefined when the ids in the container are not those of the host. */
  user: FileUser | undefined;
}

/** What a look at one path told; `unsure` when only the kernel can know. */
export type Finding = "program" | "missing" | "not a directory" | "forbidden" | "unsure";

/** The kernel's own limit of links in one path. */
const MAX_LINKS = 40;

/** Follows a path step by step, because links must not lead out of the root. Only a certain answer is given. */
export async function findInRoot(view: RootView, path: string): Promise<Finding> {
  try {
    return await walk(view, path);
  } catch (error) {
    // The container may change what is looked at, and of names that are too long only the kernel can tell.
    if (errnoCode(error) === undefined) throw error;
    return "unsure";
  }
}

/** Where a mount lands: its destination with the links in it followed inside the root. */
export async function mountPlace({ machine, root }: RootView, destination: string): Promise<string> {
  let rest = words(destination);
  let at = "/";
  for (let links = 0; rest.length > 0;) {
    const [part = "", ...further] = rest;
    rest = further;
    const next = posix.join(at, part);
    const target = links < MAX_LINKS ? await linkTarget(machine, posix.join(root, next)) : undefined;
    if (target === undefined) at = next;
    else {
      links++;
      rest = [...words(target), ...rest];
      if (target.startsWith("/")) at = "/";
    }
  }
  return at;
}

async function linkTarget(machine: MachineFiles, path: string): Promise<string | undefined> {
  try {
    return (await machine.lookAtFile(path))?.target;
  } catch {
    return undefined;
  }
}

async function walk(view: RootView, path: string): Promise<Finding> {
  let rest = words(path);
  let at = "/";
  for (let links = 0; rest.length > 0;) {
    const [part = "", ...further] = rest;
    rest = further;
    const next = posix.join(at, part);
    if (view.mounts.some((mount) => isInside(next, mount))) return "unsure";
    const look = await view.machine.lookAtFile(posix.join(view.root, next));
    if (look === undefined) return view.mounts.some((mount) => isInside(mount, next)) ? "unsure" : "missing";
    if (look.target !== undefined) {
      if (++links > MAX_LINKS) return "unsure";
      rest = [...words(look.target), ...rest];
      if (look.target.startsWith("/")) at = "/";
    } else if (rest.length === 0) return judge(look, view.user);
    else if (look.type !== "folder") return "not a directory";
    else if (certainlyForbidden(look, view.user)) return "forbidden";
    else at = next;
  }
  return "forbidden";
}

function judge(look: FileLook, user: FileUser | undefined): Finding {
  if (look.type === "folder") return "forbidden";
  if (look.type !== "file") return "unsure";
  return certainlyForbidden(look, user) ? "forbidden" : "program";
}

function words(path: string): string[] {
  return path.split("/").filter((word) => word !== "" && word !== ".");
}

function isInside(path: string, folder: string): boolean {
  const top = posix.resolve("/", folder);
  return top !== "/" && (posix.resolve("/", path) === top || posix.resolve("/", path).startsWith(`${top}/`));
}
