import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ToolError } from "../../../../src/base/errors.ts";
import { runHook } from "../../../../src/runtime/hooks/run-hook.ts";
import type { OciHook } from "../../../../src/schema/oci.ts";

let folder: string;

beforeEach(() => (folder = fs.mkdtempSync(join(tmpdir(), "runhcs-hook-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

const shell = (script: string, more: Partial<OciHook> = {}): OciHook => ({
  path: "/bin/sh",
  args: ["hook", "-c", script],
  ...more,
});

async function failureOf(hook: OciHook, state = "{}"): Promise<string> {
  try {
    await runHook(hook, state, "HOOK");
  } catch (error) {
    if (error instanceof ToolError) return error.message;
    throw error;
  }
  throw new Error("it has succeeded");
}

describe("runHook", () => {
  test("gives a hook its name, its arguments, its environment and nothing else, and the state", async () => {
    const path = join(folder, "all");
    const script = `cat > ${path}; echo "$0" "$1" >> ${path}; tr '\\0' '\\n' < /proc/self/environ >> ${path}`;
    const args = ["own name", "-c", script, "zero", "one"];
    await runHook({ path: "/bin/sh", args, env: ["A=b=c", "odd", "B="] }, '{"id":"web"}\n', "HOOK");
    const [state, words, ...env] = fs.readFileSync(path, "utf8").trimEnd().split("\n");
    expect([state, words]).toEqual(['{"id":"web"}', "zero one"]);
    // The shell adds its own.
    expect(env.filter((line) => !/^(?:PWD|OLDPWD|SHLVL|_)=/.test(line))).toEqual(["A=b=c", "B="]);
    await runHook({ path: "/bin/true" }, "{}", "HOOK");
    const name = `tr '\\0' '\\n' < /proc/$$/cmdline | head -1 > ${path}`;
    await runHook(
      { path: "/bin/sh", args: ["own name", "-c", name], env: ["PATH=/bin:/usr/bin"] },
      "",
      "HOOK",
    );
    expect(fs.readFileSync(path, "utf8")).toBe("own name\n");
  });

  test("tells how a hook has failed, and what it said", async () => {
    const failed = 'Cannot run hook HOOK: "/bin/sh" ';
    expect(await failureOf(shell("exit 3"))).toBe(`${failed}has ended with code 3`);
    expect(await failureOf(shell("echo first >&2; printf '\\033[1mlast' >&2; exit 1"))).toBe(
      `${failed}has ended with code 1: first; \\u001b[1mlast`,
    );
    expect(await failureOf(shell("kill -9 $$"))).toBe(`${failed}was ended by SIGKILL`);
    expect(
      (await failureOf(shell("head -c 9000000 /dev/zero | tr '\\0' x >&2; exit 1"))).length,
    ).toBeLessThan(70_000);
  });

  test("tells why a hook could not be started", async () => {
    const file = join(folder, "plain");
    fs.writeFileSync(file, "", { mode: 0o600 });
    expect(await failureOf({ path: "/no/hook" })).toBe('Cannot run hook HOOK: "/no/hook" does not exist');
    expect(await failureOf({ path: file })).toBe(
      `Cannot run hook HOOK: "${file}" cannot be executed: permission denied`,
    );
    expect(await failureOf({ path: "/bin/sh", args: ["a", "b\0c"] })).toMatch(
      /"\/bin\/sh" cannot be started: /,
    );
  });

  test("ends a hook that takes too long, and no other", async () => {
    const started = Date.now();
    expect(await failureOf(shell("echo slow >&2; exec sleep 60", { timeout: 1 }))).toBe(
      'Cannot run hook HOOK: "/bin/sh" has not ended within 1 s: slow',
    );
    expect(Date.now() - started).toBeLessThan(10_000);
    await runHook(shell("sleep 0.1", { timeout: 60 }), "{}", "HOOK");
    await runHook(shell("true", { timeout: Number.MAX_SAFE_INTEGER }), "{}", "HOOK");
  });

  test("waits neither for what a hook has left behind nor for its input to be read", async () => {
    const started = Date.now();
    const pid = join(folder, "pid");
    await runHook(shell(`sleep 60 & echo $! > ${pid}`), "{}", "HOOK");
    expect(await failureOf(shell(`sleep 60 & echo $! >> ${pid}; echo said >&2; exit 1`))).toMatch(/: said$/);
    await runHook(shell("exec <&-; exit 0"), "x".repeat(10_000_000), "HOOK");
    expect(Date.now() - started).toBeLessThan(20_000);
    for (const line of fs.readFileSync(pid, "utf8").trim().split("\n")) process.kill(Number(line));
  });
});
