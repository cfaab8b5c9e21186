import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isTimeout } from "../../../../../src/hcs/results.ts";
import { askOwner, type OwnerQuestion } from "../../../../../src/hcs/windows/shims/ask-owner.ts";
import { serveRequests, type AnswerRequest } from "../../../../../src/hcs/windows/shims/request-pipe.ts";
import { readTimeouts } from "../../../../../src/hcs/windows/timeouts.ts";

let folder: string;
let question: OwnerQuestion;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-owner-"));
  const vm = { id: "pod@vm", pipe: join(folder, "pipe") };
  const timeouts = { ...readTimeouts({}), systemCreate: 100 };
  question = { vm, id: "web", operation: "create", timeouts };
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Asks an owner that answers in a way. @returns what came of it */
async function ask(answer: AnswerRequest, use = async (): Promise<unknown> => "used"): Promise<unknown> {
  const server = await serveRequests(question.vm.pipe, answer);
  try {
    return await askOwner(question, use).catch((error: unknown) => error);
  } finally {
    server.close();
  }
}

test("an owner's answer is used while the connection stands, and its refusal is told", async () => {
  let isGone = false;
  const use = async (): Promise<unknown> => isGone;
  const answer: AnswerRequest = async (_, gone) => void gone.then(() => (isGone = true));
  expect(await ask(answer, use)).toBe(false);
  expect(await ask(async () => "Cannot")).toMatchObject({ code: "UVM_REFUSED", message: "Cannot" });
});

test("an owner that does not answer in time is told that nobody waits, and its late answer is not used", async () => {
  let uses = 0;
  const use = async (): Promise<unknown> => ++uses;
  let gone: Promise<void> | undefined;
  const failure = await ask(async (_, clientIsGone) => {
    gone = clientIsGone;
    await gone;
    return undefined;
  }, use);
  expect(isTimeout(failure)).toBe(true);
  expect((failure as Error).message).toMatch(/^Cannot ask VM "pod@vm" to create "web": /);
  await gone;
  expect(uses).toBe(0);
});

test("an absent owner cannot be contacted", async () => {
  const failure = await askOwner(question, async () => undefined).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "UVM_UNREACHABLE",
    message: 'Cannot create "web": VM pod@vm cannot be contacted',
  });
});
