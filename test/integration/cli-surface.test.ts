// Every command, flag and argument, so that none changes or disappears unnoticed. After an intended change:
// UPDATE_SNAPSHOT=1 npx vitest run test/integration/cli-surface.test.ts
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { globalFlags } from "../../src/cli/flags.ts";
import { call, RUN_JS, RUNHCS, useTestHost } from "../support/test-host.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/cli-surface.json", import.meta.url));
const COMMANDS = fileURLToPath(new URL("../../src/commands", import.meta.url));

const host = useTestHost("surface");

/** Names of all commands: their files' paths, with a blank for each folder. */
const names = readdirSync(COMMANDS, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, "").replaceAll("/", " "))
  .toSorted();

/** Parts of a flag or argument that its users can notice. */
const NOTICEABLE = [
  "char",
  "type",
  "default",
  "env",
  "hidden",
  "multiple",
  "options",
  "required",
  "min",
  "max",
  "aliases",
];

/** Each flag or argument with its noticeable parts, in the order in which they are declared. */
function describeParts(table: Record<string, object> = {}): [string, object][] {
  return Object.entries(table).map(([name, part]) => {
    const parts = Object.entries(part).filter(([key, value]) => NOTICEABLE.includes(key) && !isEmpty(value));
    return [name, Object.fromEntries(parts)];
  });
}

function describeFlags(table: Record<string, object> = {}): object {
  return Object.fromEntries(describeParts(table).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === false || (Array.isArray(value) && value.length === 0);
}

async function surface(): Promise<unknown> {
  const commands: Record<string, object> = {};
  for (const name of names) {
    const { default: command } = await import(
      /* @vite-ignore */ join(COMMANDS, `${name.replaceAll(" ", "/")}.ts`)
    );
    commands[name] = {
      arguments: describeParts(command.args).map(([argument, parts]) => ({ argument, ...parts })),
      flags: describeFlags(command.flags),
      ...(command.aliases.length === 0 ? {} : { aliases: command.aliases }),
      ...(command.hidden ? { hidden: true } : {}),
      ...(command.operandsEndFlags ? { operandsEndFlags: true } : {}),
      failureCode: command.failureCode,
    };
  }
  return JSON.parse(JSON.stringify({ globalFlags: describeFlags(globalFlags), commands }));
}

test("commands, flags and arguments are those of test/fixtures/cli-surface.json", async () => {
  const found = await surface();
  if (process.env["UPDATE_SNAPSHOT"] === "1") writeFileSync(FIXTURE, `${JSON.stringify(found, null, 2)}\n`);
  expect(found).toEqual(JSON.parse(readFileSync(FIXTURE, "utf8")));
});

test("every command is in the table of commands", async () => {
  const help = await host.ok("--help");
  const listed = [...help.matchAll(/^ {2}([a-z][a-z -]*?) {3,}\S/gm)].map(([, name]) => name);
  const hidden = await Promise.all(
    names.filter((name) => !listed.includes(name)).map((name) => host.ok(name, "--help")),
  );
  expect(listed.length).toBeGreaterThan(10);
  expect(listed.every((name) => name !== undefined && names.includes(name))).toBe(true);
  for (const text of hidden) expect(text).toContain("USAGE");
});

describe("--help tells of", () => {
  test.each(names)("%s", async (name) => {
    const { code, stdout, stderr } = await host.runhcs([...name.split(" "), "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\S[^\n]+\.\n\nUSAGE\n {2}\$ runhcs /);
    expect(stdout).toContain("EXAMPLES");
    expect(stdout).toMatch(/GLOBAL FLAGS[^]*--root/);
    expect(stdout.split("\n").every((line) => line.length <= 120)).toBe(true);
  });
});

test("--help before, behind and instead of a command gives the same", async () => {
  const expected = await host.ok("kill", "--help");
  for (const words of [
    ["help", "kill"],
    ["kill", "-h"],
    ["kill", "x", "--help"],
  ]) {
    expect(await host.ok(...words)).toBe(expected);
  }
  expect(await host.ok("help")).toBe(await host.ok("--help"));
});

test.each(["--version", "-v"])("%s prints three lines that engines read", async (flag) => {
  const pattern = /^runhcs version \d+\.\d+\.\d+\S*\ncommit: \S+\nspec: 1\.\d+\.\d+\n$/;
  expect(await host.ok(flag)).toMatch(pattern);
  const node = await call(process.execPath, [RUN_JS, flag], host.folder);
  expect(node).toEqual(await call(RUNHCS, [flag], host.folder));
});
