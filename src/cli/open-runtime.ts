import { resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import { hostOs, openHost } from "../hcs/open.ts";
import type { Isolation } from "../runtime/container-plan.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { FolderStore } from "../state/folder-store.ts";
import { ownProgram } from "./own-program.ts";

/** Values of the global flags that shape the runtime. */
export interface RuntimeFlags {
  root?: string | undefined;
  owner?: string | undefined;
  "systemd-cgroup": boolean;
  rootless: string;
  executor?: string | undefined;
  log?: string | undefined;
  "log-format": string;
  debug: boolean;
}

/** Opens the runtime that the global flags describe. @throws {UsageError | PlatformError} */
export async function openRuntime(
  flags: RuntimeFlags,
  reports: Pick<Runtime, "mark" | "warn">,
): Promise<Runtime> {
  const { rootless, executor, owner = defaultOwner() } = flags;
  const root = stateRoot(flags.root);
  requireOneOf("rootless", rootless, ["true", "false", "auto"]);
  const { compute, layers, tryLock, windows } = await openHost({
    root,
    systemdCgroup: flags["systemd-cgroup"],
    rootless,
    executor: executor === "" ? undefined : executor,
    openDisks: async () => (await import("../layers/vhdx-disks.ts")).vhdxDisks(),
    program: () => ownProgram({ ...flags, root, owner }),
  });
  const parts = { compute, layers, root, owner, ...reports };
  if (windows === undefined) return { ...parts, store: new FolderStore(root, tryLock) };
  const { KeyStateStore } = await import("../state/key-state-store.ts");
  const { ContainerNotes } = await import("../state/container-notes.ts");
  const { keys } = windows;
  return {
    ...parts,
    store: new KeyStateStore(keys),
    windows: { ...windows, notes: new ContainerNotes(keys) },
  };
}

/** The isolation that --isolation asks for. @throws {UsageError} */
export function requestedIsolation(text: string | undefined): { isolation?: Isolation } {
  if (text === undefined || text === "") return {};
  if (text === "process" || text === "hypervisor") return { isolation: text };
  throw new UsageError(`Cannot use --isolation "${text}": it is process or hypervisor`);
}

/** @throws {UsageError} */
export function requireOneOf(flag: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw new UsageError(`unknown ${flag} "${value}": it is ${allowed.join(" or ")}`);
}

/** The owner of containers unless another is named. @param os of the host that they are for */
export function defaultOwner(os = hostOs()): string {
  return os === "windows" ? "runhcs" : "root";
}

/**
 * On Windows the name of a registry key, on Linux a folder. Engines call with an empty XDG_RUNTIME_DIR, which counts
 * as unset; root has one place for all callers.
 */
function stateRoot(requested: string | undefined): string {
  if (hostOs() === "windows") return requested === undefined || requested === "" ? "default" : requested;
  if (requested !== undefined && requested !== "") return requireOwnFolder(resolve(requested));
  const personal = process.env["XDG_RUNTIME_DIR"];
  const rootless = process.geteuid?.() !== 0;
  return rootless && personal !== undefined && personal !== "" ? resolve(personal, "runhcs") : "/run/runhcs";
}

function requireOwnFolder(root: string): string {
  if (root !== "/") return root;
  throw new UsageError("Option --root argument should not be set to /", { hint: "Give a folder of its own" });
}
