import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FolderStore } from "../../../src/state/folder-store.ts";

let parent: string;
let root: string;
let store: FolderStore;

beforeEach(() => {
  parent = fs.mkdtempSync(join(tmpdir(), "runhcs-private-"));
  root = join(parent, "root");
  store = new FolderStore(root, () => true);
});
afterEach(() => fs.rmSync(parent, { recursive: true }));

describe("a private folder", () => {
  const ENDED = 4_194_305; // One more than the largest pid of Linux.

  async function descriptions(): Promise<string[]> {
    return (await store.findLeftovers()).map(({ description }) => description);
  }

  test("of a call that has ended is a leftover, of one that has not it is none, and neither is listed", async () => {
    fs.mkdirSync(join(root, `@state.${process.pid}.2`), { recursive: true });
    fs.mkdirSync(join(root, `@state.${ENDED}.1`));
    expect(await descriptions()).toEqual([
      `state folder "${join(root, `@state.${ENDED}.1`)}" of a call that was killed`,
    ]);
    expect(store.list()).toEqual([]);
  });

  test("is removed with all that is in it, by one of those who found it", async () => {
    const victim = join(parent, "victim");
    fs.mkdirSync(victim);
    fs.writeFileSync(join(victim, "letter"), "");
    const folder = join(root, `@state.${ENDED}.1`);
    fs.mkdirSync(join(folder, "deep/er"), { recursive: true });
    fs.symlinkSync(victim, join(folder, "link"));
    fs.symlinkSync(join(victim, "letter"), join(folder, "lock"));
    const found = [...(await store.findLeftovers()), ...(await store.findLeftovers())];
    expect(await Promise.all(found.map(({ remove }) => remove()))).toEqual([true, false]);
    expect([fs.readdirSync(root), fs.readdirSync(victim)]).toEqual([[], ["letter"]]);
  });

  test.each([
    ["has no pid", "@state."],
    ["has no number", `@state.${ENDED}`],
    ["has a group of processes", "@state.0.1"],
    ["has all processes", "@state.-1.1"],
    ["has a number that is no pid", "@state.99999999999999999999.1"],
    ["is longer", `@state.${ENDED}.1.2`],
    ["begins otherwise", `x@state.${ENDED}.1`],
    ["belongs to the compute service", `@hcs`],
  ])("is not taken for one when its name %s", async (_, name) => {
    fs.mkdirSync(join(root, name), { recursive: true });
    expect(await descriptions()).toEqual([]);
    expect(fs.readdirSync(root)).toEqual([name]);
  });

  test("is not taken for one when it is a file or a link", async () => {
    fs.mkdirSync(root, { recursive: true });
    fs.writeFileSync(join(root, `@state.${ENDED}.1`), "");
    fs.symlinkSync(parent, join(root, `@state.${ENDED}.2`));
    expect(await descriptions()).toEqual([]);
  });
});
