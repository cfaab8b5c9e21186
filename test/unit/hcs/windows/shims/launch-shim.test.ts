import { afterEach, expect, test } from "vitest";
import { ProcessError } from "../../../../../src/base/errors.ts";
import { launchShim, type ShimRequest } from "../../../../../src/hcs/windows/shims/launch-shim.ts";

const before = process.env["UV_THREADPOOL_SIZE"];
afterEach(() => {
  if (before === undefined) delete process.env["UV_THREADPOOL_SIZE"];
  else process.env["UV_THREADPOOL_SIZE"] = before;
});

const request = (script: string): ShimRequest => ({
  words: ["-e", script],
  data: "given",
  inheritsStreams: false,
  detached: false,
  log: undefined,
  subject: { operation: "start" },
  timeout: 10_000,
});

/** What a shim says is wrong. */
async function saidBy(script: string): Promise<string> {
  try {
    const shim = await launchShim({ words: [process.execPath] }, request(script));
    return `it works; ${await shim.wait(() => undefined)}`;
  } catch (error) {
    if (error instanceof ProcessError) return error.message;
    throw error;
  }
}

test("a shim has enough threads for what it reads and calls, and those that its caller wants", async () => {
  const tell = `require("fs").writeSync(3, process.env.UV_THREADPOOL_SIZE + " " + (process.env.PATH === undefined))`;
  delete process.env["UV_THREADPOOL_SIZE"];
  expect(await saidBy(tell)).toBe("16 false");
  process.env["UV_THREADPOOL_SIZE"] = "3";
  expect(await saidBy(tell)).toBe("3 false");
});

test("a shim reads what it is given, says that it works, and is waited for", async () => {
  const works = `const fs = require("fs"); if (fs.readFileSync(0, "utf8") === "given") fs.writeSync(3, "\\0OK\\0");
    fs.closeSync(3); setTimeout(() => process.exit(5), 50)`;
  expect(await saidBy(works)).toBe("it works; 5");
  expect(await saidBy("process.exit(7)")).toBe("Cannot start a shim: unknown shim failure, exit code 7");
});
