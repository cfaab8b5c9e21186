// A further process for the tests of the registry: it tells what came of its one action, and stays until it is told
// to go, or killed.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { loadKoffi } from "../../src/hcs/windows/koffi.ts";
import { RegistryStore } from "../../src/hcs/windows/registry-store.ts";
import { KeyStateStore } from "../../src/state/key-state-store.ts";
import { actAsRival } from "../contract/state-rival.ts";

/** First argument of such a process. */
export const CHILD = "registry-child";

/** What such a process does: `lock ROOT KEY`, `create ROOT KEY`, or `rival ROOT KEY`. */
export function actAsChild(action: string, place: string): void {
  const [root = "", key = ""] = place.split("/");
  const store = new RegistryStore(openBindings(loadKoffi()), root);
  if (action === "rival") return void actAsRival(new KeyStateStore(store), key);
  const done = action === "lock" ? store.tryLock(key) !== undefined : store.createKey(key);
  writeSync(1, done ? "yes" : "no");
  process.stdin.resume().once("end", () => process.exit(0));
}

/** Starts such a process. */
export function startChild(action: "lock" | "create" | "rival", root: string, key: string): ChildProcess {
  const [, program = ""] = process.argv;
  return spawn(process.execPath, [program, CHILD, action, `${root}/${key}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

/** What came of its action. */
export async function answerOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) return "";
  const [data] = (await once(child.stdout, "data")) as [Buffer];
  return String(data);
}

/** Ends such a process, and waits until Windows has closed its handles. @throws if it fails before it is told to end */
export async function end(child: ChildProcess, how: "told" | "killed"): Promise<void> {
  if (child.exitCode === null) {
    const closed = once(child, "close");
    if (how === "killed") child.kill("SIGKILL");
    else child.stdin?.end();
    await closed;
  }
  if (how === "told" && child.exitCode !== 0) throw new Error(`The child ended with ${child.exitCode}`);
}
