import * as fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLibc } from "../../../src/hcs/linux/libc.ts";
import { FolderStore } from "../../../src/state/folder-store.ts";
import { recordOf } from "./record.ts";

const CONFIGURATION = '{"limit":18446744073709551615}';

let parent: string;
let root: string;
let store: FolderStore;

beforeEach(() => {
  parent = fs.mkdtempSync(join(tmpdir(), "runhcs-store-"));
  root = join(parent, "deep/root");
  const libc = openLibc();
  store = new FolderStore(root, (fd) => libc.tryLock(fd));
});
afterEach(() => fs.rmSync(parent, { recursive: true }));

async function create(id: string): Promise<void> {
  (await store.create(recordOf(id), CONFIGURATION)).release();
}

/** The code and words of what `act` throws. */
async function failureOf(act: () => unknown): Promise<{ code: unknown; message: string }> {
  try {
    await act();
  } catch (error) {
    if (error instanceof Error && "code" in error) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("It did not fail");
}

describe("a created container", () => {
  test("is private to its owner", async () => {
    await create("web");
    const modeOf = (name: string): number => fs.statSync(join(root, name)).mode & 0o777;
    expect([".", "web"].map(modeOf)).toEqual([0o700, 0o700]);
    expect(["state.json", "config.json", "lock"].map((name) => modeOf(`web/${name}`))).toEqual([
      0o600, 0o600, 0o600,
    ]);
    expect(fs.readdirSync(join(root, "web")).toSorted()).toEqual(["config.json", "lock", "state.json"]);
  });

  test("keeps its id from a second one, which changes nothing", async () => {
    await create("web");
    const failure = await failureOf(() => store.create(recordOf("web", "other"), "{}"));
    expect(failure).toEqual({
      code: "CONTAINER_EXISTS",
      message: 'container with given ID already exists: "web"',
    });
    expect(store.load("web").owner).toBe("root");
    expect(store.loadConfiguration("web")).toBe(CONFIGURATION);
  });
});

describe("what cannot be read", () => {
  const path = (): string => join(root, "web/state.json");

  test("is half made when its record is missing", async () => {
    await create("web");
    fs.rmSync(path());
    const failure = await failureOf(() => store.load("web"));
    expect(failure).toEqual({
      code: "STATE_INVALID",
      message: `Cannot read the state of container "web": "${path()}" is missing`,
    });
    expect(store.has("web")).toBe(true);
  });

  test.each([
    ["is cut short", '{"format":1,"id":"we'],
    ["is empty", ""],
    ["belongs to another container", JSON.stringify(recordOf("db"))],
    ["is another program's", '{"ociVersion":"1.0.2","id":"web"}'],
  ])("is invalid when it %s", async (_, text) => {
    await create("web");
    fs.writeFileSync(path(), text);
    const failure = await failureOf(() => store.load("web"));
    expect(failure.code).toBe("STATE_INVALID");
    expect(failure.message).toContain(`Cannot read "${path()}": it `);
  });

  test("can be listed and removed all the same", async () => {
    await create("web");
    fs.writeFileSync(path(), "");
    expect(store.list()).toEqual(["web"]);
    (await store.lock("web")).release();
    store.remove("web");
    expect(store.list()).toEqual([]);
  });
});

describe("list", () => {
  test("gives nothing when there is no root", () => {
    expect(store.list()).toEqual([]);
  });

  test("gives ids in order, and leaves out what is not a container", async () => {
    for (const id of ["b", ".a", "a.b", "_c", "B", "10", "9"]) await create(id);
    for (const name of ["@hcs", "@crun"]) fs.mkdirSync(join(root, name));
    fs.writeFileSync(join(root, "@executor.json"), "{}");
    expect(store.list()).toEqual([".a", "10", "9", "B", "_c", "a.b", "b"]);
  });

  test("leaves out what others have put there", async () => {
    await create("web");
    fs.mkdirSync(join(root, "home/letters"), { recursive: true });
    fs.writeFileSync(join(root, "file"), "");
    fs.symlinkSync("web", join(root, "link"));
    fs.mkdirSync(join(root, "half"));
    expect(store.list()).toEqual(["half", "web"]);
  });
});

describe("a folder of somebody else", () => {
  test.each(["letters", "lock"])(
    "is neither read, locked nor removed, whether it has a lock or not: %s",
    async (name) => {
      const folder = join(root, "home");
      fs.mkdirSync(join(folder, "mail"), { recursive: true });
      fs.writeFileSync(join(folder, name), "dear");
      const message = `Cannot take "${folder}" for the state of container "home": it holds "${name === "lock" ? "mail" : "letters"}", which is none`;
      for (const act of [() => store.load("home"), () => store.lock("home"), () => store.tryLock("home")])
        expect(await failureOf(act)).toEqual({ code: "STATE_INVALID", message });
      expect((await failureOf(() => store.create(recordOf("home"), "{}"))).code).toBe("CONTAINER_EXISTS");
      expect(fs.readdirSync(folder).toSorted()).toEqual([name, "mail"].toSorted());
      expect(fs.readFileSync(join(folder, name), "utf8")).toBe("dear");
    },
  );
});

describe("a lock", () => {
  test("comes with the container, and keeps others waiting until it is given back", async () => {
    const first = await store.create(recordOf("web"), "{}");
    const events: string[] = [];
    const second = store.lock("web").then((lock) => {
      events.push("second has it");
      return lock;
    });
    await sleep(60);
    events.push("first gives it back");
    first.release();
    (await second).release();
    expect(events).toEqual(["first gives it back", "second has it"]);
  });

  test.each([
    ["finds that the container is gone", false],
    ["is one of the container made anew", true],
  ])("whose file was removed before it was taken %s", async (_, madeAnew) => {
    await create("web");
    const libc = openLibc();
    let removals = 0;
    const late = new FolderStore(root, (fd) => {
      if (removals++ === 0) {
        store.remove("web");
        if (madeAnew) {
          fs.mkdirSync(join(root, "web"));
          fs.writeFileSync(join(root, "web/lock"), "");
        }
      }
      return libc.tryLock(fd);
    });
    if (madeAnew) {
      const lock = await late.lock("web");
      const contender = fs.openSync(join(root, "web/lock"), "a");
      expect(libc.tryLock(contender)).toBe(false);
      fs.closeSync(contender);
      lock.release();
    } else expect(await failureOf(() => late.lock("web"))).toMatchObject({ code: "CONTAINER_NOT_FOUND" });
    expect(fs.readdirSync(root)).toEqual(madeAnew ? ["web"] : []);
  });

  test("that waits while the container is deleted and made anew is that of the new one", async () => {
    const first = await store.create(recordOf("web"), "{}");
    const waiting = store.lock("web");
    await sleep(20);
    store.remove("web");
    const anew = await store.create(recordOf("web"), "{}");
    first.release();
    let waits = true;
    void waiting.then(() => (waits = false));
    await sleep(40);
    expect(waits).toBe(true);
    anew.release();
    (await waiting).release();
  });
});

test.each([
  ["a file", (path: string) => fs.writeFileSync(path, "")],
  ["a link to nothing", (path: string) => fs.symlinkSync("nothing", path)],
  ["an empty folder", (path: string) => fs.mkdirSync(path)],
])("create takes an id for used that is the name of %s", async (_, make) => {
  fs.mkdirSync(root, { recursive: true });
  make(join(root, "web"));
  expect(await failureOf(() => store.create(recordOf("web"), "{}"))).toMatchObject({
    code: "CONTAINER_EXISTS",
  });
  expect(fs.readdirSync(root)).toEqual(["web"]);
});

test("create takes an id for used that another call has taken meanwhile", async () => {
  const late = new FolderStore(root, () => {
    fs.mkdirSync(join(root, "web"));
    fs.writeFileSync(join(root, "web/lock"), "");
    return true;
  });
  expect(await failureOf(() => late.create(recordOf("web"), "{}"))).toMatchObject({
    code: "CONTAINER_EXISTS",
  });
  expect([fs.readdirSync(root), fs.readdirSync(join(root, "web"))]).toEqual([["web"], ["lock"]]);
});

describe("another call that comes between two system calls", () => {
  /** Replaces a function of the file system once, for all that import it. */
  function atNext<K extends "statSync" | "openSync">(
    name: K,
    act: (path: string, flags: string) => unknown,
  ): void {
    const module = process.getBuiltinModule("node:fs");
    const real = module[name];
    const once = (path: string, flags: string): unknown => {
      Object.assign(module, { [name]: real });
      syncBuiltinESMExports();
      return act(path, flags);
    };
    Object.assign(module, { [name]: once });
    syncBuiltinESMExports();
  }

  test("and makes the container that was missing does not make it look damaged", async () => {
    await create("web");
    fs.renameSync(join(root, "web"), join(root, "later"));
    atNext("statSync", (path) => {
      fs.renameSync(join(root, "later"), join(root, "web"));
      return fs.statSync(path);
    });
    expect(store.load("web")).toEqual(recordOf("web"));
  });

  test("and removes a folder in which its lock is just looked for gets no new file into it", async () => {
    await create("web");
    // The kernel has found the folder, but not the file yet.
    atNext("openSync", (_, flags) => {
      fs.renameSync(join(root, "web"), join(root, "going"));
      fs.rmSync(join(root, "going/lock"));
      return fs.openSync(join(root, "going/lock"), flags);
    });
    expect(store.tryLock("web")).toBe(undefined);
    expect(fs.readdirSync(join(root, "going")).toSorted()).toEqual(["config.json", "state.json"]);
  });
});

test("the longest id can be given and taken", async () => {
  await create("x".repeat(255));
  store.remove("x".repeat(255));
  expect(fs.readdirSync(root)).toEqual([]);
});

test("a lock file that a damaged container lacks is made", async () => {
  await create("web");
  fs.rmSync(join(root, "web/lock"));
  const lock = await store.lock("web");
  expect(store.tryLock("web")).toBe(undefined);
  lock.release();
});

test("create leaves nothing behind when the state cannot be written", async () => {
  fs.mkdirSync(root, { recursive: true });
  const refused = new FolderStore(root, () => {
    throw Object.assign(new Error("no locks here"), { code: "ENOLCK" });
  });
  expect(await failureOf(() => refused.create(recordOf("web"), "{}"))).toEqual({
    code: "STATE_IO",
    message: `Cannot keep the state of container "web" in "${join(root, "web")}": ENOLCK`,
  });
  expect(fs.readdirSync(root)).toEqual([]);
});

test("create says so when the root is no folder", async () => {
  fs.mkdirSync(join(parent, "deep"));
  fs.writeFileSync(root, "");
  const failure = await failureOf(() => store.create(recordOf("web"), "{}"));
  expect(failure.code).toBe("STATE_IO");
  expect(failure.message).toMatch(/: (EEXIST|ENOTDIR)$/);
});
