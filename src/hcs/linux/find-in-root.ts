/** Looks at a path inside a container's root, before or while it runs. */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { errnoCode } from "../../base/errors.ts";
import { ifExists } from "../../base/files.ts";
import { certainlyForbidden, type FileUser } from "./access.ts";

/** A root file system as one process of the container will see it. */
export interface RootView {
  /** The container's root folder, as the caller sees it. */
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
export function findInRoot(view: RootView, path: string): Finding {
  try {
    return walk(view, path);
  } catch (error) {
    // The container may change what is looked at, and of names that are too long only the kernel can tell.
    if (errnoCode(error) === undefined) throw error;
    return "unsure";
  }
}

/** Where a mount lands: its destination with the links in it followed inside the root. */
export function mountPlace(root: string, destination: string): string {
  let rest = words(destination);
  let at = "/";
  for (let links = 0; rest.length > 0;) {
    const [part = "", ...further] = rest;
    rest = further;
    const next = posix.join(at, part);
    const target = links < MAX_LINKS ? linkTarget(posix.join(root, next)) : undefined;
    if (target === undefined) at = next;
    else {
      links++;
      rest = [...words(target), ...rest];
      if (target.startsWith("/")) at = "/";
    }
  }
  return at;
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function walk(view: RootView, path: string): Finding {
  let rest = words(path);
  let at = "/";
  for (let links = 0; rest.length > 0;) {
    const [part = "", ...further] = rest;
    rest = further;
    const next = posix.join(at, part);
    if (view.mounts.some((mount) => isInside(next, mount))) return "unsure";
    const stats = ifExists(() => lstatSync(posix.join(view.root, next)));
    if (stats === undefined) return view.mounts.some((mount) => isInside(mount, next)) ? "unsure" : "missing";
    if (stats.isSymbolicLink()) {
      if (++links > MAX_LINKS) return "unsure";
      const target = readlinkSync(posix.join(view.root, next));
      rest = [...words(target), ...rest];
      if (target.startsWith("/")) at = "/";
    } else if (rest.length === 0) return judge(stats, view.user);
    else if (!stats.isDirectory()) return "not a directory";
    else if (certainlyForbidden(stats, view.user)) return "forbidden";
    else at = next;
  }
  return "forbidden";
}

function judge(stats: Stats, user: FileUser | undefined): Finding {
  if (stats.isDirectory()) return "forbidden";
  if (!stats.isFile()) return "unsure";
  return certainlyForbidden(stats, user) ? "forbidden" : "program";
}

function words(path: string): string[] {
  return path.split("/").filter((word) => word !== "" && word !== ".");
}

function isInside(path: string, folder: string): boolean {
  const top = posix.resolve("/", folder);
  return top !== "/" && (posix.resolve("/", path) === top || posix.resolve("/", path).startsWith(`${top}/`));
}
