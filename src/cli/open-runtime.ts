import { resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import { openHost } from "../hcs/open.ts";
import type { Isolation } from "../runtime/new-container.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { FolderStore } from "../state/folder-store.ts";

/** Values of the global flags that shape the runtime. */
export interface RuntimeFlags {
  root?: string | undefined;
  owner: string;
  "systemd-cgroup": boolean;
  rootless: string;
  executor?: string | undefined;
}

/** Opens the runtime that the global flags describe. @throws {UsageError | PlatformError} */
export async function openRuntime(flags: RuntimeFlags, mark: (step: string) => void): Promise<Runtime> {
  const root = stateRoot(flags.root);
  const { rootless, executor } = flags;
  requireOneOf("rootless", rootless, ["true", "false", "auto"]);
  const { compute, layers, tryLock } = await openHost({
    root,
    systemdCgroup: flags["systemd-cgroup"],
    rootless,
    executor: executor === "" ? undefined : executor,
    openDisks: async () => (await import("../layers/vhdx-disks.ts")).vhdxDisks(),
  });
  return { compute, layers, store: new FolderStore(root, tryLock), root, owner: flags.owner, mark };
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

/** Engines call with an empty XDG_RUNTIME_DIR, which counts as unset; root has one place for all callers. */
function stateRoot(requested: string | undefined): string {
  if (requested !== undefined && requested !== "") return requireOwnFolder(resolve(requested));
  const personal = process.env["XDG_RUNTIME_DIR"];
  const rootless = process.geteuid?.() !== 0;
  return rootless && personal !== undefined && personal !== "" ? resolve(personal, "runhcs") : "/run/runhcs";
}

function requireOwnFolder(root: string): string {
  if (root !== "/") return root;
  throw new UsageError("Option --root argument should not be set to /", { hint: "Give a folder of its own" });
}
