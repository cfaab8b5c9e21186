import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LayerStore } from "../../../src/hcs/layer-store.ts";
import type { ComputeService, Leftover } from "../../../src/hcs/compute-service.ts";
import { openLibc } from "../../../src/hcs/linux/libc.ts";
import { ComputeError, HcsResult } from "../../../src/hcs/results.ts";
import { collectGarbage } from "../../../src/runtime/collect-garbage.ts";
import { FolderStore } from "../../../src/state/folder-store.ts";
import { recordOf } from "../state/record.ts";

let root: string;
let store: FolderStore;

beforeEach(async () => {
  root = fs.mkdtempSync(join(tmpdir(), "runhcs-gc-"));
  const libc = openLibc();
  store = new FolderStore(root, (fd) => libc.tryLock(fd));
  (await store.create(recordOf("web"), "{}")).release();
});
afterEach(() => fs.rmSync(root, { recursive: true }));

/** Collects with a service that finds `leftovers` and knows the system "web" or not, as each question's answer says. */
function collect(leftovers: Leftover[], knows: boolean[], dryRun = false): Promise<string[]> {
  const openSystem = async (id: string): Promise<unknown> => {
    if (knows.shift() === true) return {};
    throw new ComputeError({ operation: "open", systemId: id, hresult: HcsResult.SYSTEM_NOT_FOUND });
  };
  const compute = { findLeftovers: async () => leftovers, openSystem } as unknown as ComputeService;
  const layers = {} as LayerStore;
  const reports = { mark: () => {}, warn: () => {} };
  return collectGarbage({ compute, layers, store, root, owner: "root", ...reports }, dryRun);
}

function leftover(remove: () => Promise<boolean>): Leftover {
  return { systemId: "web", description: "half a system", remove };
}

test("state without a system is removed", async () => {
  expect(await collect([], [false, false])).toEqual(['state of container "web" without a compute system']);
  expect(store.has("web")).toBe(false);
});

test("state whose system was made after the first look is kept", async () => {
  expect(await collect([], [false, true])).toEqual([]);
  expect(store.has("web")).toBe(true);
});

test("a leftover takes the state of its container with it", async () => {
  expect(await collect([leftover(async () => true)], [true])).toEqual(["half a system"]);
  expect(store.has("web")).toBe(false);
});

test("a leftover that has come into use is kept, with its state", async () => {
  expect(await collect([leftover(async () => false)], [true])).toEqual([]);
  expect(store.has("web")).toBe(true);
});

test("what another call is at work on is kept", async () => {
  const lock = await store.lock("web");
  expect(await collect([leftover(async () => expect.unreachable())], [false])).toEqual([]);
  lock.release();
  expect(store.has("web")).toBe(true);
});

test("a dry run tells and removes nothing", async () => {
  expect(await collect([leftover(async () => expect.unreachable())], [true], true)).toEqual([
    "half a system",
  ]);
  expect(store.has("web")).toBe(true);
});

test("what a killed call has made half or removed half is removed, and a dry run only tells", async () => {
  const folder = join(root, "@state.4194305.1");
  fs.mkdirSync(folder);
  const told = [`state folder "${folder}" of a call that was killed`];
  expect(await collect([], [true], true)).toEqual(told);
  expect(fs.existsSync(folder)).toBe(true);
  expect(await collect([], [true])).toEqual(told);
  expect(fs.readdirSync(root)).toEqual(["web"]);
});

test("state that another call has removed meanwhile is not removed again without a lock", async () => {
  const another = async (): Promise<boolean> => {
    expect(await collect([], [false, false])).toHaveLength(1);
    return false;
  };
  expect(await collect([{ description: "slow to remove", remove: another }], [false, false])).toEqual([]);
});
