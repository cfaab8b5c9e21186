// State in the registry, for real: only on Windows, or on what passes for it.
import { ContainerStateError } from "../../src/base/errors.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { loadKoffi } from "../../src/hcs/windows/koffi.ts";
import { RegistryStore } from "../../src/hcs/windows/registry-store.ts";
import { ComputeError } from "../../src/hcs/results.ts";
import { ShimRecords } from "../../src/hcs/windows/shims/shim-records.ts";
import { ContainerNotes } from "../../src/state/container-notes.ts";
import type { ContainerRecord } from "../../src/state/container-record.ts";
import { KeyStateStore } from "../../src/state/key-state-store.ts";
import { describeStateStore } from "../contract/state-store.contract.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { failureOf, until } from "./measure.ts";
import { answerOf, end, startChild } from "./registry-child.ts";

const HKEY_LOCAL_MACHINE = 0xffff_ffff_8000_0002n;
const KEY_READ = 0x20019;
const GENERIC_READ = 0x8000_0000;
const OPEN_EXISTING = 3;

export function describeRegistry(runner: TestRunner): void {
  const { describe, test, expect } = runner;
  const bindings = openBindings(loadKoffi());
  const { advapi32, kernel32 } = bindings.direct;
  const recordOf = (id: string): ContainerRecord => ({
    format: 1,
    id,
    owner: "runhcs",
    ociVersion: "1.0.2",
    bundle: "C:\\bundle",
    rootfs: "C:\\bundle\\rootfs",
    created: "2026-01-01T00:00:00.000Z",
    isolation: "process",
    annotations: { é: "😀" },
  });

  /** A root of its own for each test, which is removed after it. */
  const inRoot = (name: string, body: (root: string, keys: RegistryStore) => Promise<void>): void => {
    test(name, async () => {
      const root = `test-${process.pid}-${name.slice(0, 20)}`;
      const keys = new RegistryStore(bindings, root);
      try {
        await body(root, keys);
      } finally {
        for (const key of keys.listKeys()) keys.removeKey(key);
        const path = keys.placeOf("").slice("HKLM\\".length, -1);
        advapi32.RegDeleteTreeW(HKEY_LOCAL_MACHINE, path);
      }
    });
  };

  describe("the registry", () => {
    inRoot("holds each kind of value in the type that is its own", async (_, keys) => {
      keys.createKey("web");
      const [key] = advapi32.RegOpenKeyExW(
        HKEY_LOCAL_MACHINE,
        keys.placeOf("web").slice("HKLM\\".length),
        0,
        KEY_READ,
      ).out;
      for (const [value, type, hex] of [
        [true, 4, "01000000"],
        [false, 4, "00000000"],
        [4711, 11, "6712000000000000"],
        [2n ** 64n - 1n, 11, "ffffffffffffffff"],
        ["é", 1, "e9000000"],
        [{ json: '{"é":1}' }, 3, "7b22c3a9223a317d"],
      ] as const) {
        expect(keys.writeValue("web", "value", value)).toBe(true);
        const bytes = Buffer.alloc(64);
        const { out } = advapi32.RegQueryValueExW(key, "value", null, bytes, bytes.length);
        expect([out[0], bytes.toString("hex", 0, out[1])]).toEqual([type, hex]);
        expect(keys.readValue("web", "value")).toEqual(value);
      }
      advapi32.RegCloseKey(key);
    });

    inRoot("keeps any text as a name, and large values", async (_, keys) => {
      const names = ["a\\b", "a/b", "%41", "a b", "é😀", "x".repeat(80), "$&+:=@-_.~"];
      for (const name of names) {
        expect([keys.createKey(name), keys.createKey(name)]).toEqual([true, false]);
        keys.writeValue(name, "large", { json: JSON.stringify(name.repeat(20_000)) });
      }
      expect(keys.listKeys()).toEqual(names.toSorted());
      for (const name of names)
        expect(keys.readValue(name, "large")).toEqual({ json: JSON.stringify(name.repeat(20_000)) });
      expect(keys.placeOf("a\\b").endsWith("\\a%5Cb")).toBe(true);
    });

    inRoot("tells what is absent from what is empty", async (_, keys) => {
      expect([keys.hasKey("web"), keys.readValue("web", "x"), keys.listKeys()]).toEqual([
        false,
        undefined,
        [],
      ]);
      expect(keys.writeValue("web", "x", "y")).toBe(false);
      keys.removeKey("web");
      keys.removeValue("web", "x");
      keys.createKey("web");
      keys.removeValue("web", "x");
      expect([keys.hasKey("web"), keys.readValue("web", "x"), keys.listValues("web")]).toEqual([
        true,
        undefined,
        [],
      ]);
      keys.writeValue("web", "x", "");
      expect([keys.readValue("web", "x"), keys.listValues("web")]).toEqual(["", ["x"]]);
    });

    inRoot("has roots that know nothing of each other", async (root, keys) => {
      const other = new RegistryStore(bindings, `${root}\\below`);
      keys.createKey("web");
      expect([other.hasKey("web"), other.listKeys(), keys.listKeys()]).toEqual([false, [], ["web"]]);
      const lock = keys.tryLock("web");
      const second = other.tryLock("web");
      expect([lock === undefined, second === undefined]).toEqual([false, false]);
      lock?.release();
      second?.release();
    });

    inRoot("gives a lock to one caller at a time", async (_, keys) => {
      expect(keys.isLocked("web")).toBe(false);
      const lock = keys.tryLock("web");
      expect([lock === undefined, keys.tryLock("web"), keys.tryLock("WEB")]).toEqual([
        false,
        undefined,
        undefined,
      ]);
      expect([keys.isLocked("web"), keys.isLocked("WEB"), keys.isLocked("other")]).toEqual([
        true,
        true,
        false,
      ]);
      lock?.release();
      expect(keys.isLocked("web")).toBe(false);
      const again = keys.tryLock("web");
      expect(again === undefined).toBe(false);
      again?.release();
    });

    inRoot("takes a lock back from a process that is killed", async (root, keys) => {
      const child = startChild("lock", root, "web");
      expect(await answerOf(child)).toBe("yes");
      expect([keys.isLocked("web"), keys.tryLock("web")]).toEqual([true, undefined]);
      await end(child, "killed");
      let lock = keys.tryLock("web");
      await until(() => (lock ??= keys.tryLock("web")) !== undefined);
      const second = startChild("lock", root, "web");
      expect(await answerOf(second)).toBe("no");
      await end(second, "told");
      lock?.release();
    });

    inRoot("lets one of many processes make a key", async (root, keys) => {
      const children = Array.from({ length: 6 }, () => startChild("create", root, "web"));
      const answers = await Promise.all(children.map(answerOf));
      await Promise.all(children.map((child) => end(child, "told")));
      expect(answers.toSorted()).toEqual(["no", "no", "no", "no", "no", "yes"]);
      expect(keys.listKeys()).toEqual(["web"]);
    });

    inRoot("loses no handle", async (_, keys) => {
      const work = (): void => {
        keys.createKey("web");
        keys.createKey("web");
        keys.writeValue("web", "state", { json: "{}" });
        keys.readValue("web", "state");
        keys.readValue("web", "absent");
        keys.listValues("web");
        keys.listKeys();
        const lock = keys.tryLock("web");
        keys.tryLock("web");
        lock?.release();
        keys.removeValue("web", "state");
        keys.removeKey("web");
      };
      /** Windows gives the lowest free number, so numbers grow with the handles that are open. */
      const freshHandle = (): bigint => {
        const { handle } = kernel32.CreateFileW("NUL", GENERIC_READ, 7, null, OPEN_EXISTING, 0, null);
        kernel32.CloseHandle(handle);
        return handle ?? 0n;
      };
      work();
      const before = freshHandle();
      expect(before > 0n).toBe(true);
      for (let round = 0; round < 100; round++) work();
      expect(freshHandle() < before + 200n).toBe(true);
    });
  });

  let roots = 0;
  describeStateStore("the registry", runner, () => {
    const root = `test-${process.pid}-state-${roots++}`;
    const keys = new RegistryStore(bindings, root);
    return {
      makesWhole: false,
      open: () => new KeyStateStore(new RegistryStore(bindings, root)),
      startRival: async (id) => {
        const child = startChild("rival", root, id);
        expect(await answerOf(child)).toBe("ready");
        return () => end(child, "told");
      },
      kept: () => keys.listKeys(),
      close: () => {
        advapi32.RegDeleteTreeW(HKEY_LOCAL_MACHINE, keys.placeOf("").slice("HKLM\\".length, -1));
      },
    };
  });

  describe("state in keys", () => {
    inRoot("says what is wrong in the words that callers know", async (_, keys) => {
      const store = new KeyStateStore(keys);
      const lock = await store.create(recordOf("web"), "{}");
      const taken = await failureOf(store.create(recordOf("web"), "[]"), ContainerStateError);
      expect([taken.code, taken.message]).toEqual([
        "CONTAINER_EXISTS",
        'Cannot create container "web": container web already exists',
      ]);
      lock.release();
      expect(store.loadConfiguration("web")).toBe("{}");
      const unknown = await failureOf(store.lock("db"), ContainerStateError);
      expect([unknown.code, unknown.message]).toEqual([
        "CONTAINER_NOT_FOUND",
        "container \"db\" does not exist: ID 'db' was not found",
      ]);
      keys.removeValue("web", "state");
      const halfMade = await failureOf((async () => store.load("web"))(), ContainerStateError);
      expect([halfMade.code, halfMade.message]).toEqual([
        "STATE_INVALID",
        "Cannot read the state of container \"web\": state 'state' is not present for ID 'web'",
      ]);
      keys.writeValue("web", "state", 7);
      const other = await failureOf((async () => store.load("web"))(), ContainerStateError);
      expect(other.code).toBe("STATE_INVALID");
    });

    inRoot("leaves out what belongs to the service", async (_, keys) => {
      for (const name of ["@layers", "b", "B2", "a"]) keys.createKey(name);
      expect(new KeyStateStore(keys).list()).toEqual(["B2", "a", "b"]);
    });

    inRoot("has notes of what a container holds", async (_, keys) => {
      const notes = new ContainerNotes(keys);
      const failure = await failureOf((async () => notes.set("web", "netns", "x"))(), ContainerStateError);
      expect(failure.code).toBe("CONTAINER_NOT_FOUND");
      keys.createKey("web");
      expect(notes.get("web", "netns")).toBe(undefined);
      const resources = { Layers: ["C:\\é"], Big: 2n ** 63n };
      notes.set("web", "netns", "89eb8a86-e253-41fd-9800-e6d88eb2e18a");
      notes.set("web", "resources", resources);
      expect(notes.get("web", "netns")).toBe("89eb8a86-e253-41fd-9800-e6d88eb2e18a");
      expect(notes.get("web", "resources")).toEqual(resources);
      notes.clear("web", "netns");
      notes.clear("web", "netns");
      keys.writeValue("web", "resources", { json: "{" });
      expect([notes.get("web", "netns"), notes.get("web", "resources")]).toEqual([undefined, undefined]);
      keys.writeValue("web", "resources", 7);
      expect(notes.get("web", "resources")).toBe(undefined);
    });

    inRoot("knows the shims of a container, and forgets them with its system", async (_, keys) => {
      const shims = new ShimRecords(keys);
      const failure = await failureOf((async () => shims.setShim("web", 1))(), ComputeError);
      expect(failure.code).toBe("HCS_SYSTEM_NOT_FOUND");
      keys.createKey("web");
      expect([shims.shim("web"), shims.initPid("web"), shims.find("web")]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      const InitProcess = { cwd: "C:\\", args: ["é"] };
      const record = { UniqueId: "one", Owner: "me", GuestOs: "Windows" as const, InitProcess };
      shims.add("web", record);
      expect(shims.runtimeId("web")).toBe(undefined);
      shims.setRuntimeId("web", "");
      expect(shims.runtimeId("web")).toBe("");
      shims.setShim("web", 42);
      shims.setInitPid("web", 812);
      shims.setExecPid("web", 30, 3);
      shims.setExecPid("web", 4, 5);
      keys.writeValue("web", "netns", "of the container");
      expect([shims.find("web"), shims.list()]).toEqual([record, ["web"]]);
      expect([shims.shim("web"), shims.initPid("web"), shims.execPid("web", 30)]).toEqual([42, 812, 3]);
      expect(shims.execShims("web").toSorted((a, b) => a - b)).toEqual([4, 30]);
      shims.endExec("web", 30);
      shims.endShim("web");
      expect([shims.shim("web"), shims.execPid("web", 30), shims.execShims("web")]).toEqual([
        0,
        undefined,
        [4],
      ]);
      shims.remove("web");
      expect([shims.list(), keys.listValues("web")]).toEqual([[], ["netns"]]);
    });
  });
}
