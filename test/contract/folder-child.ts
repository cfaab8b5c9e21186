// A further process that uses state in a folder: `rival ROOT ID`, or `create ROOT ID N` and `remove ROOT ID N`, which
// are killed at their Nth call of the file system.
import { openLibc } from "../../src/hcs/linux/libc.ts";
import { FolderStore } from "../../src/state/folder-store.ts";
import { recordOf } from "../unit/state/record.ts";
import { actAsRival } from "./state-rival.ts";

const [action, root = "", id = "", count] = process.argv.slice(2);
const libc = openLibc();
const store = new FolderStore(root, (fd) => libc.tryLock(fd));

void act();

async function act(): Promise<void> {
  if (action === "rival") return actAsRival(store, id);
  const lock = action === "remove" ? await store.lock(id) : undefined;
  dieAtChange(Number(count));
  if (action === "create") await store.create(recordOf(id), "{}");
  else store.remove(id);
  lock?.release();
}

/** Kills this process in place of one of the calls that follow. */
function dieAtChange(count: number): void {
  let calls = 0;
  const fs = process.getBuiltinModule("node:fs");
  for (const name of [
    "mkdirSync",
    "openSync",
    "writeFileSync",
    "renameSync",
    "rmSync",
    "rmdirSync",
  ] as const) {
    const call = fs[name] as (...parameters: unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (...parameters: unknown[]): unknown => {
        if (++calls === count) process.kill(process.pid, "SIGKILL");
        return call(...parameters);
      },
    });
  }
}
