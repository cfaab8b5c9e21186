import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { askMeanwhile } from "../../../../src/hcs/windows/ask-meanwhile.ts";
import { deferred } from "../../../../src/hcs/windows/deferred.ts";

test("what nobody tells is asked for, and no longer than it is waited for", async () => {
  const end = deferred<number>();
  let questions = 0;
  const ask = async (): Promise<void> => {
    if (++questions === 3) end.resolve(7);
  };
  expect(await askMeanwhile(end.promise, 5, ask)).toBe(7);
  await sleep(30);
  expect(questions).toBe(3);
});

test("a question without an answer is not asked again", async () => {
  const end = deferred<void>();
  const answer = deferred<void>();
  let questions = 0;
  const wait = askMeanwhile(end.promise, 2, () => {
    questions++;
    return answer.promise;
  });
  await sleep(30);
  expect(questions).toBe(1);
  answer.resolve();
  await sleep(30);
  expect(questions).toBeGreaterThan(1);
  end.reject(new Error("over"));
  await expect(wait).rejects.toThrow("over");
});
