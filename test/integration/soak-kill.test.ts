import { afterAll, beforeAll, expect, test } from "vitest";
import { chosenSeed, randomNumbers, rounds } from "../support/soak-rounds.ts";
import { SoakWorkplace } from "../support/soak-workplace.ts";

const ROUNDS = rounds(200, 10);

/** Longer than any of the calls takes on an idle machine, so that some are killed at their very end or not at all. */
const LONGEST_MS = 120;

const workplace = new SoakWorkplace();
const random = randomNumbers(chosenSeed());

/** What is killed, and what has to happen before. */
const VICTIMS: readonly { name: string; before: string[][]; words: string[] }[] = [
  { name: "create", before: [], words: ["create", "--bundle", `${workplace.folder}/bundle`] },
  { name: "start", before: [["create"]], words: ["start"] },
  { name: "delete", before: [["create"], ["start"], ["kill", "KILL"]], words: ["delete"] },
  { name: "delete --force", before: [["create"], ["start"]], words: ["delete", "--force"] },
];

beforeAll(() => workplace.makeBundle());
afterAll(() => workplace.remove());

test(
  `a runhcs killed at any time leaves a truthful state that can be cleaned up (${ROUNDS} rounds)`,
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = `${workplace.prefix}${round}`;
      const victim = VICTIMS[Math.floor(random() * VICTIMS.length)];
      if (victim === undefined) throw new Error("unreachable: there is a victim for each number below 1");
      const killAfterMs = Math.floor(random() * LONGEST_MS);
      await prepare(id, victim.before);
      const { code } = await workplace.call([...victim.words, id], killAfterMs);
      const circumstances = `round ${round}: ${victim.name}, killed after ${killAfterMs} ms, exit code ${code}`;
      await workplace.untilQuiet(id);
      await expectTruth(id, circumstances);
      if (random() < 0.5) await expectGarbageCollection(id, circumstances);
      const removal = await workplace.call(["delete", "--force", id]);
      expect(removal, circumstances).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(await workplace.leftovers(), circumstances).toEqual([]);
      expect(await workplace.call(["gc"]), circumstances).toMatchObject({ code: 0, stderr: "" });
      expect(await workplace.leftovers(), circumstances).toEqual([]);
    }
  },
  ROUNDS * 5000 + 20_000,
);

async function prepare(id: string, calls: readonly string[][]): Promise<void> {
  for (const [name = "", ...operands] of calls) {
    const outcome =
      name === "create" ? await workplace.create(id) : await workplace.call([name, id, ...operands]);
    expect(outcome, name).toMatchObject({ code: 0 });
  }
}

/** runhcs must say what the executor says, or that there is nothing (whole) when the executor knows nothing. */
async function expectTruth(id: string, circumstances: string): Promise<void> {
  const view = await workplace.executorView(id);
  const { code, stdout, stderr } = await workplace.call(["state", id]);
  if (code !== 0) {
    expect(stderr, circumstances).toMatch(/^(container ".*" does not exist|Cannot read the state of .*)\n$/);
    expect(view, circumstances).toBeUndefined();
    return;
  }
  const { status, pid } = JSON.parse(stdout);
  const expected = view === undefined || view.status === "stopped" ? { status: "stopped", pid: 0 } : view;
  expect({ status, pid }, circumstances).toEqual({ status: expected.status, pid: expected.pid });
}

/** What the executor knows is no garbage; what it does not know is gone afterwards. */
async function expectGarbageCollection(id: string, circumstances: string): Promise<void> {
  const before = await workplace.executorView(id);
  expect(await workplace.call(["gc"]), circumstances).toMatchObject({ code: 0, stderr: "" });
  expect(await workplace.executorView(id), circumstances).toEqual(before);
  if (before === undefined) expect(await workplace.leftovers(), circumstances).toEqual([]);
}
