// What every state store must do, wherever it keeps state.
import { setTimeout as sleep } from "node:timers/promises";
import { ContainerStateError } from "../../src/base/errors.ts";
import type { StateStore } from "../../src/state/state-store.ts";
import { rounds } from "../support/soak-rounds.ts";
import { recordOf } from "../unit/state/record.ts";
import { makeAndRemove, RIVAL_CONFIGURATION } from "./state-rival.ts";
import type { TestRunner } from "./test-runner.ts";

/** Where a store keeps its state, as far as the contract has to know. */
export interface StateHost {
  /** Whether others see a new container only once it is whole. */
  readonly makesWhole: boolean;
  /** Opens the store; each call gives another object that works on the same state. */
  open(): StateStore;
  /** Starts a process that makes and removes a container again and again. @returns what ends it, and fails if it has */
  startRival?(id: string): Promise<() => Promise<void>>;
  /** Everything that is kept, by name. */
  kept(): string[];
  close(): void;
}

const CONFIGURATION = '{"limit":18446744073709551615, "é": "\\u0000"}';
const LOOKS = rounds(50_000, 1000);
const CHANGES = rounds(2000, 40);

/** Declares the contract's tests. */
export function describeStateStore(
  name: string,
  { describe, test, expect }: TestRunner,
  openHost: () => StateHost,
): void {
  describe(`a state store in ${name}`, () => {
    /** A host of its own for each test, in which nothing must be left. */
    const inHost = (title: string, body: (host: StateHost, store: StateStore) => Promise<void>): void => {
      test(title, async () => {
        const host = openHost();
        try {
          const store = host.open();
          await body(host, store);
          for (const id of store.list()) store.remove(id);
          expect([host.kept(), await store.findLeftovers()]).toEqual([[], []]);
        } finally {
          host.close();
        }
      });
    };

    inHost("remembers a container and its configuration, to the last character", async (_, store) => {
      (await store.create(recordOf("web"), CONFIGURATION)).release();
      expect(store.load("web")).toEqual(recordOf("web"));
      expect([store.loadConfiguration("web"), store.has("web"), store.list()]).toEqual([
        CONFIGURATION,
        true,
        ["web"],
      ]);
    });

    inHost("keeps an id from a second container, which changes nothing", async (_, store) => {
      (await store.create(recordOf("web"), CONFIGURATION)).release();
      expect(await codeOf(() => store.create(recordOf("web", "other"), "{}"))).toBe("CONTAINER_EXISTS");
      expect([store.load("web").owner, store.loadConfiguration("web")]).toEqual(["root", CONFIGURATION]);
    });

    inHost("forgets what is removed, and again without complaint", async (host, store) => {
      (await store.create(recordOf("web"), "{}")).release();
      store.remove("web");
      store.remove("web");
      expect([store.has("web"), store.list(), host.kept()]).toEqual([false, [], []]);
    });

    inHost("says of an unknown container that it does not exist", async (host, store) => {
      const acts = [() => store.load("web"), () => store.loadConfiguration("web"), () => store.lock("web")];
      for (const act of acts) {
        const { code, message } = await failureOf(act);
        expect(code).toBe("CONTAINER_NOT_FOUND");
        expect(message).toMatch(/^container "web" does not exist/);
      }
      expect([store.has("web"), store.tryLock("web"), host.kept()]).toEqual([false, undefined, []]);
    });

    inHost("gives one of many creators the id, and its lock with it", async (host, store) => {
      const attempts = await Promise.allSettled(
        Array.from({ length: 20 }, (__, at) => host.open().create(recordOf("web"), `${at}`)),
      );
      const winners = attempts.flatMap((attempt, at) => (attempt.status === "fulfilled" ? [at] : []));
      expect(winners.length).toBe(1);
      expect([store.loadConfiguration("web"), store.tryLock("web")]).toEqual([`${winners[0]}`, undefined]);
      const waiting = store.lock("web");
      for (const attempt of attempts) {
        if (attempt.status === "fulfilled") attempt.value.release();
        else expect(attempt.reason.code).toBe("CONTAINER_EXISTS");
      }
      (await waiting).release();
    });

    inHost("gives a lock to one caller at a time, and of each container its own", async (host, store) => {
      for (const id of ["web", "db"]) (await store.create(recordOf(id), "{}")).release();
      const other = await store.lock("db");
      let holders = 0;
      let most = 0;
      const hold = async (): Promise<void> => {
        const lock = await host.open().lock("web");
        most = Math.max(most, ++holders);
        await sleep(2);
        holders--;
        lock.release();
      };
      await Promise.all(Array.from({ length: 10 }, hold));
      expect(most).toBe(1);
      other.release();
    });

    inHost("tells who waits for a deleter that the container is gone", async (host, store) => {
      const first = await store.create(recordOf("web"), "{}");
      const waiting = failureOf(() => host.open().lock("web"));
      await sleep(20);
      store.remove("web");
      first.release();
      expect((await waiting).message).toMatch(/^container "web" does not exist/);
      expect(host.kept()).toEqual([]);
    });

    inHost(
      "shows others a whole container or none, while a process makes and removes it",
      async (host, store) => {
        const end = await host.startRival?.("web");
        if (end === undefined) return;
        const seen = new Set<string>();
        for (let look = 0; look < LOOKS || seen.size < 2; look++) {
          seen.add(await codeOf(() => store.load("web").owner));
          seen.add(await codeOf(() => store.loadConfiguration("web") === RIVAL_CONFIGURATION));
          for (const id of store.list()) expect(id).toBe("web");
        }
        await end();
        const inTheMaking = host.makesWhole ? [] : ["STATE_INVALID"];
        const allowed = ["CONTAINER_NOT_FOUND", "root", "true", ...inTheMaking];
        expect([...seen].filter((code) => !allowed.includes(code))).toEqual([]);
      },
    );

    inHost("gives who holds a lock a whole container, while another process does the same", async (host) => {
      const end = await host.startRival?.("web");
      if (end === undefined) return;
      for (let change = 0; change < CHANGES; change++) await makeAndRemove(host.open(), "web");
      await end();
    });
  });
}

/** What `act` throws. */
async function failureOf(act: () => unknown): Promise<ContainerStateError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof ContainerStateError) return error;
    throw error;
  }
  throw new Error("It did not fail");
}

/** The code of what `act` throws, else what it returns. */
async function codeOf(act: () => unknown): Promise<string> {
  try {
    return String(await act());
  } catch (error) {
    if (error instanceof ContainerStateError) return error.code;
    throw error;
  }
}
