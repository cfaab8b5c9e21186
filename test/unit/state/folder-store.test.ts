import * as fs from "node:fs";
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
  test("is remembered with its configuration, to the last character", async () => {
    await create("web");
    expect(store.load("web")).toEqual(recordOf("web"));
    expect(store.loadConfiguration("web")).toBe(CONFIGURATION);
    expect(store.has("web")).toBe(true);
  });

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

  test("is forgotten when removed, and again without complaint", async () => {
    await create("web");
    store.remove("web");
    store.remove("web");
    expect(store.has("web")).toBe(false);
    expect(fs.readdirSync(root)).toEqual([]);
  });
});

test("of many who create one id at once exactly one wins", async () => {
  const stores = Array.from({ length: 20 }, (_, at) => ({ at, store: new FolderStore(root, () => true) }));
  const attempts = await Promise.allSettled(
    stores.map(({ at, store: own }) => own.create(recordOf("web", `owner ${at}`), `${at}`)),
  );
  const winners = attempts.flatMap((attempt, at) => (attempt.status === "fulfilled" ? [at] : []));
  expect(winners).toHaveLength(1);
  expect(store.load("web").owner).toBe(`owner ${winners[0]}`);
  expect(store.loadConfiguration("web")).toBe(`${winners[0]}`);
  for (const attempt of attempts) {
    if (attempt.status === "rejected") expect(attempt.reason).toMatchObject({ code: "CONTAINER_EXISTS" });
  }
});

describe("what cannot be read", () => {
  const path = (): string => join(root, "web/state.json");

  test("is unknown when there is nothing", async () => {
    for (const act of [
      () => store.load("web"),
      () => store.loadConfiguration("web"),
      () => store.lock("web"),
    ]) {
      expect(await failureOf(act)).toEqual({
        code: "CONTAINER_NOT_FOUND",
        message: 'container "web" does not exist',
      });
    }
    expect(store.has("web")).toBe(false);
  });

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

  test("has one holder at a time", async () => {
    await create("web");
    let holders = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const lock = await store.lock("web");
        most = Math.max(most, ++holders);
        await sleep(2);
        holders--;
        lock.release();
      }),
    );
    expect(most).toBe(1);
  });

  test("of one container does not hold up another", async () => {
    const first = await store.create(recordOf("web"), "{}");
    const second = await store.create(recordOf("db"), "{}");
    first.release();
    second.release();
    expect(store.list()).toEqual(["db", "web"]);
  });

  test("that waits for a deleter finds that the container is gone", async () => {
    const first = await store.create(recordOf("web"), "{}");
    const second = failureOf(() => store.lock("web"));
    await sleep(20);
    store.remove("web");
    first.release();
    expect(await second).toMatchObject({ code: "CONTAINER_NOT_FOUND" });
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
