// State in folders, for the contract, and further processes that use it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { openLibc } from "../../src/hcs/linux/libc.ts";
import { FolderStore } from "../../src/state/folder-store.ts";
import type { StateHost } from "./state-store.contract.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Makes the program of the further processes. */
export function bundleFolderChild(folder: string): string {
  const outfile = join(folder, "child.cjs");
  buildSync({
    entryPoints: [join(REPOSITORY, "test/contract/folder-child.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    define: { "import.meta.dirname": JSON.stringify(REPOSITORY) },
  });
  return outfile;
}

/** A store in a folder that did not exist. */
export function openFolderHost(program: () => string): StateHost & { root: string } {
  const parent = mkdtempSync(join(tmpdir(), "runhcs-state-"));
  const root = join(parent, "root");
  const libc = openLibc();
  return {
    root,
    makesWhole: true,
    open: () => new FolderStore(root, (fd) => libc.tryLock(fd)),
    startRival: (id) => startRival([program(), "rival", root, id]),
    kept: () => (existsSync(root) ? readdirSync(root) : []),
    close: () => rmSync(parent, { recursive: true }),
  };
}

/** Starts a rival and waits until it is at it. */
export async function startRival(words: readonly string[]): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  return async () => {
    child.stdin.on("error", () => {}).end();
    const [code] = await closed;
    if (code !== 0) throw new Error(`The rival ended with ${code}`);
  };
}

/** Runs a call that is killed at its Nth change. @returns whether it got that far */
export function isKilledAt(words: readonly string[]): boolean {
  const { signal, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (stderr !== "") throw new Error(stderr);
  return signal === "SIGKILL";
}
