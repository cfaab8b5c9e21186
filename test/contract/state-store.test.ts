// The contract of state stores on Linux: in folders, and in keys that are in memory. Its test on Windows is in
// test/windows/registry.suite.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KeyStateStore } from "../../src/state/key-state-store.ts";
import { MemoryKeys } from "../support/memory-keys.ts";
import { recordOf } from "../unit/state/record.ts";
import { bundleFolderChild, isKilledAt, openFolderHost } from "./folder-host.ts";
import { describeStateStore } from "./state-store.contract.ts";

const runner = { describe, test, expect, beforeAll, afterAll };
const folder = mkdtempSync(join(tmpdir(), "runhcs-state-child-"));
let program = "";

beforeAll(() => {
  program = bundleFolderChild(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

describeStateStore("folders", runner, () => openFolderHost(() => program));

describeStateStore("keys", runner, () => {
  const keys = new MemoryKeys();
  return {
    makesWhole: false,
    open: () => new KeyStateStore(keys),
    kept: () => keys.listKeys(),
    close: () => {},
  };
});

test.each(["create", "remove"])(
  "a killed %s leaves a whole container or what is found and removed",
  async (action) => {
    const ends = new Set<string>();
    for (let change = 1; ; change++) {
      const host = openFolderHost(() => program);
      const store = host.open();
      if (action === "remove") (await store.create(recordOf("web"), "{}")).release();
      const isKilled = isKilledAt([program, action, host.root, "web", String(change)]);
      const ids = store.list();
      for (const id of ids)
        expect([store.load(id), store.loadConfiguration(id)]).toEqual([recordOf(id), "{}"]);
      const found = await store.findLeftovers();
      ends.add(`${ids.length} containers, ${found.length} leftovers`);
      const again = await host.open().findLeftovers();
      const removals = await Promise.all([...found, ...again].map(({ remove }) => remove()));
      expect(removals.filter(Boolean)).toHaveLength(found.length);
      expect(host.kept()).toEqual(ids);
      host.close();
      if (!isKilled) break;
    }
    const both = ["0 containers, 1 leftovers", "1 containers, 0 leftovers"];
    expect([...ends].toSorted()).toEqual(["0 containers, 0 leftovers", ...both]);
  },
);
