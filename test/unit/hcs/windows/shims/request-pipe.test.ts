import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  sendRequest,
  serveRequests,
  type PipeRequest,
} from "../../../../../src/hcs/windows/shims/request-pipe.ts";

let folder: string;
let pipe: string;
let asked: PipeRequest[];
let server: Awaited<ReturnType<typeof serveRequests>>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-pipe-"));
  pipe = join(folder, "pipe");
  asked = [];
  server = await serveRequests(pipe, async (request) => {
    asked.push(request);
    return request.Op === "good" ? undefined : `Cannot ${request.Op}`;
  });
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test("a request is answered, and a failure told", async () => {
  expect(await sendRequest(pipe, { ID: "web", Op: "good" })).toBeUndefined();
  expect(await sendRequest(pipe, { ID: "web", Op: "bad\nline" })).toBe("Cannot bad\nline");
  expect(asked).toEqual([
    { ID: "web", Op: "good" },
    { ID: "web", Op: "bad\nline" },
  ]);
});

test("what is no request is refused, and what follows one does not matter", async () => {
  const answer = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(pipe);
      let said = "";
      socket.on("data", (chunk) => (said += chunk.toString("latin1")));
      for (const event of ["error", "close"]) socket.on(event, () => resolve(said));
      socket.end(text);
    });
  for (const text of ["{}", "null", '{"ID":1,"Op":"good"}', "no JSON"])
    expect(await answer(`${text}\n`)).toMatch(/^Cannot answer: .* is no request$/);
  expect(await answer("x".repeat(70_000))).toBe("");
  const long = `{"ID":"web","Op":"good"}\n${"x".repeat(1_000_000)}\n`;
  expect(await answer(long)).toBe("\0OK\0");
});

test("a server goes on after a client that it could not take", async () => {
  for (let times = 0; times < 3; times++) server.emit("error", new Error("too many open files"));
  expect(await sendRequest(pipe, { ID: "web", Op: "good" })).toBeUndefined();
});
