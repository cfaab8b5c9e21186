// What an operator at a shell sees: help, completion, colours, the state of the host, and times.
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { call, RUNHCS, useTestHost } from "../support/test-host.ts";

const host = useTestHost("operator");
const ONE_LINE = /^[^\n]+\n$/;

/** Runs runhcs on a terminal of its own. @returns what appears on it */
async function onTerminal(words: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<string> {
  const env = { PATH: process.env["PATH"], TERM: "xterm-256color", ...variables };
  const line = [RUNHCS, "--root", host.root, ...words].join(" ");
  const { stdout } = await call("/usr/bin/script", ["-qec", line, "/dev/null"], host.folder, { env });
  return stdout;
}

describe("a table is coloured", () => {
  const escape = "\u001b[";
  test.each([["list"], ["doctor"]])("of %s on a terminal, but for NO_COLOR and a pipe", async (command) => {
    const id = await host.running();
    const coloured = await onTerminal([command]);
    expect(coloured).toContain(escape);
    const plain = await host.ok(command);
    expect(plain).not.toContain(escape);
    expect(plain.trim()).not.toBe("");
    const told = await onTerminal([command], { NO_COLOR: "1" });
    expect(told).not.toContain(escape);
    if (command === "list") expect(told.replaceAll("\r\n", "\n")).toBe(plain);
    await host.ok("delete", "--force", id);
  });
});

describe("doctor", () => {
  const SUBJECTS = ["crun", "runc", "executor", "cgroups", "namespaces", "overlay", "kvm", "memory"];

  test("tells everything as a table and as JSON", async () => {
    const table = (await host.ok("doctor")).trimEnd().split("\n");
    expect(table[0]).toMatch(/^VERDICT +SUBJECT +FOUND +WHAT HELPS$/);
    const found: { subject: string; verdict: string; found: string; remedy?: string }[] = JSON.parse(
      await host.ok("doctor", "--json"),
    );
    expect(found.map(({ subject }) => subject)).toEqual(expect.arrayContaining(SUBJECTS));
    expect(table).toHaveLength(found.length + 1);
    for (const { subject, verdict, remedy } of found) {
      expect(table.some((line) => line.startsWith(verdict) && line.includes(` ${subject} `))).toBe(true);
      if (verdict === "ok") expect(remedy).toBeUndefined();
      else expect(remedy).toMatch(/^[^\n]+$/);
    }
  });

  test.each(["/nonexistent", "/nonexistent/runc", "docker"])(
    "exits with 1 when the executor is %s",
    async (executor) => {
      const table = await host.runhcs(["--executor", executor, "doctor"]);
      expect(table).toMatchObject({ code: 1, stderr: "" });
      expect(table.stdout).toMatch(/^fail +executor +\S.*\S +\S/m);
      const json = await host.runhcs(["doctor", "--json"], {
        env: { ...process.env, RUNHCS_EXECUTOR: executor },
      });
      expect(json).toMatchObject({ code: 1, stderr: "" });
      expect(JSON.parse(json.stdout)).toContainEqual(
        expect.objectContaining({ subject: "executor", verdict: "fail", remedy: expect.any(String) }),
      );
    },
  );
});

describe("completion", () => {
  const bin = join(host.folder, "bin");

  /** Asks bash's script what could stand at the end of a line. */
  async function complete(...words: string[]): Promise<string[]> {
    const line = `source <(runhcs completion bash)
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"
_runhcs; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    const { code, stdout, stderr } = await call(
      "/bin/bash",
      ["-c", line, "bash", "runhcs", ...words],
      host.folder,
      { env },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.split("\n").filter((word) => word !== "");
  }

  beforeAll(() => {
    fs.mkdirSync(bin);
    const program = `#!/bin/sh\nexec ${RUNHCS} --root ${host.root} "$@"\n`;
    fs.writeFileSync(join(bin, "runhcs"), program, { mode: 0o755 });
  });

  test("of bash knows commands, flags and containers", async () => {
    const id = await host.running();
    expect((await complete("sta")).toSorted()).toEqual(["start", "state"]);
    expect(await complete("")).toEqual(expect.arrayContaining(["create", "doctor", "resize-tty"]));
    expect(await complete("delete", "--f")).toEqual(["--force"]);
    expect(await complete("run", "--no")).toEqual(expect.arrayContaining(["--no-pivot", "--no-new-keyring"]));
    expect(await complete("run", "--pidfd")).toEqual([]);
    expect(await complete("--debug", "kill", id.slice(0, 5))).toEqual([id]);
    expect(await complete("create", "")).toEqual([]);
    expect(await complete("la")).toEqual(["layer"]);
    expect((await complete("layer", "m")).toSorted()).toEqual(["mount"]);
    expect(await complete("layer", "remove", "--fo")).toEqual(["--force"]);
    await host.ok("delete", "--force", id);
    expect(await complete("kill", "")).toEqual([]);
  });

  test("of zsh and fish is printed, and that of other shells is refused", async () => {
    expect(await host.ok("completion", "zsh")).toContain("bashcompinit");
    expect(await host.ok("completion", "fish")).toMatch(/^complete -c runhcs .*\bstart\b/m);
    for (const words of [["tcsh"], [""], []]) {
      const { code, stdout, stderr } = await host.runhcs(["completion", ...words]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(ONE_LINE);
    }
  });
});

describe("--debug shows the time of each phase", () => {
  test("of a create, before and behind the command", async () => {
    for (const words of [
      ["--debug", "create"],
      ["create", "--debug"],
    ]) {
      const id = host.newId();
      const { code, stdout, stderr } = await host.runhcs([...words, "--bundle", host.bundle("true"), id]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
      expect(stderr).toMatch(ONE_LINE);
      for (const phase of ["start-up", "parse", "load bundle", "write state", "execute"])
        expect(stderr).toMatch(new RegExp(`\\b${phase} \\d+\\.\\d ms`));
      await host.ok("delete", id);
    }
  });

  test("in the log if there is one", async () => {
    const log = host.newPath();
    const words = ["--log", log, "--log-format", "json", "--debug", "list", "--quiet"];
    expect(await host.runhcs(words)).toMatchObject({ code: 0, stderr: "" });
    const record = JSON.parse(fs.readFileSync(log, "utf8"));
    expect(record).toMatchObject({ level: "debug", phases: { parse: expect.any(Number) } });
  });
});

describe("a command that does not exist", () => {
  test.each([
    ["strat", "start"],
    ["lsit", "list"],
    ["craete", "create"],
    ["resize-ty", "resize-tty"],
  ])("%s was probably %s", async (typed, meant) => {
    const { code, stdout, stderr } = await host.runhcs([typed, "x"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(`did you mean "${meant}"?`);
    expect((await host.runhcs(["help", typed])).stderr).toBe(stderr);
  });

  test("and is like none is told without a guess", async () => {
    const { code, stderr } = await host.runhcs(["frobnicate"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).not.toContain("did you mean");
  });
});

test("every example of --help names its own command and flags that it has", async () => {
  const root = await host.ok("help");
  const commands = [...root.matchAll(/^ {2}([a-z][a-z-]*) {3,}\S/gm)].map(([, name = ""]) => name);
  expect(commands.length).toBeGreaterThan(15);
  for (const command of commands) {
    const help = await host.ok(command, "--help");
    const [usage = "", examples = ""] = help.split(/^EXAMPLES$/m);
    const lines = [...examples.matchAll(/(?:\$ |\()(runhcs .*)$/gm)].map(([, line = ""]) => line);
    expect(lines.length, command).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line.split(" "), help).toContain(command);
      const flags = line.match(/(?<= )--[a-z-]+/g) ?? [];
      for (const flag of flags) expect(usage + examples.split("GLOBAL FLAGS")[1], line).toContain(flag);
    }
  }
});
