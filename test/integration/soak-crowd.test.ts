import { afterAll, beforeAll, expect, test } from "vitest";
import { rounds } from "../support/soak-rounds.ts";
import { SoakWorkplace } from "../support/soak-workplace.ts";

const RACES = rounds(50, 3);
const CONTAINERS = rounds(100, 10);
const AT_ONCE = 10;

const workplace = new SoakWorkplace();

beforeAll(() => workplace.makeBundle());
afterAll(() => workplace.remove());

test(
  `of two creates of one id at once exactly one wins (${RACES} rounds)`,
  async () => {
    for (let round = 0; round < RACES; round++) {
      const id = `${workplace.prefix}race-${round}`;
      const outcomes = await Promise.all([workplace.create(id), workplace.create(id)]);
      const [winner, loser] = outcomes.toSorted((a, b) => a.code - b.code);
      expect(winner).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(loser).toEqual({
        code: 1,
        stdout: "",
        stderr: `container with given ID already exists: "${id}"\n`,
      });
      const view = await workplace.executorView(id);
      const { stdout } = await workplace.call(["state", id]);
      expect(JSON.parse(stdout)).toMatchObject({ status: "created", pid: view?.pid });
      expect(await workplace.call(["delete", "--force", id])).toMatchObject({ code: 0, stderr: "" });
    }
    expect(await workplace.leftovers()).toEqual([]);
  },
  RACES * 3000 + 20_000,
);

test(
  `${CONTAINERS} containers, ${AT_ONCE} at a time, leave the host as it was`,
  async () => {
    const ids = Array.from({ length: CONTAINERS }, (_, at) => `${workplace.prefix}crowd-${at}`);
    const worker = async (): Promise<void> => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) await live(id);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(await workplace.leftovers()).toEqual([]);
  },
  CONTAINERS * 1000 + 20_000,
);

async function live(id: string): Promise<void> {
  expect(await workplace.create(id)).toEqual({ code: 0, stdout: "", stderr: "" });
  for (const words of [
    ["start", id],
    ["exec", id, "true"],
    ["kill", id, "KILL"],
    ["delete", "--force", id],
  ]) {
    expect(await workplace.call(words), words.join(" ")).toEqual({ code: 0, stdout: "", stderr: "" });
  }
}
