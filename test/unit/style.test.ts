import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readSources, type SourceFile } from "../support/source-file.ts";
import {
  LIMITS,
  commandLength,
  docComments,
  fileLength,
  functionLength,
  parameterCount,
} from "../support/style-rules.ts";

/** Files that may break a rule, with the reason; an exception that is no longer needed fails. */
const EXCEPTIONS: readonly { rule: string; path: string; reason: string }[] = [];

const RULES = { fileLength, functionLength, parameterCount, commandLength, docComments };

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const sources = readSources(REPOSITORY, ["src", "bin"]);

describe("the sources keep the rule of", () => {
  test.each(Object.entries(RULES))("%s", (name, rule) => {
    const exceptions = EXCEPTIONS.filter(({ rule: of }) => of === name);
    const isAllowed = (found: string): boolean => exceptions.some(({ path }) => found.startsWith(`${path}:`));
    const violations = rule(sources);
    for (const { path, reason } of exceptions) console.info(`${name} does not bind ${path}: ${reason}`);
    expect(violations.filter((found) => !isAllowed(found))).toEqual([]);
    expect(
      exceptions.filter(({ path }) => !violations.some((found) => found.startsWith(`${path}:`))),
    ).toEqual([]);
  });
});

function file(path: string, text: string): SourceFile {
  return { path, text };
}

function lines(count: number, line = "// more"): string {
  return `${Array.from({ length: count }, () => line).join("\n")}\n`;
}

describe("fileLength", () => {
  test("refuses the first line too many", () => {
    expect(fileLength([file("src/base/a.ts", lines(LIMITS.fileLines))])).toEqual([]);
    expect(fileLength([file("src/base/a.ts", lines(LIMITS.fileLines + 1))])).toEqual([
      "src/base/a.ts:1: has 301 lines",
    ]);
  });

  test("leaves generated files alone", () => {
    expect(fileLength([file("src/schema/generated/a.ts", lines(1000))])).toEqual([]);
  });
});

describe("functionLength refuses the first line too many of", () => {
  test.each([
    ["a function", "function a() {\n", "}"],
    ["an arrow function", "const a = () => {\n", "};"],
    ["a method", "class A {\n  a() {\n", "  }\n}"],
    ["a callback", "list.map((one) => {\n", "});"],
  ])("%s", (_, head, tail) => {
    expect(functionLength([file("src/base/a.ts", head + lines(LIMITS.functionLines - 2) + tail)])).toEqual(
      [],
    );
    const [found] = functionLength([file("src/base/a.ts", head + lines(LIMITS.functionLines - 1) + tail)]);
    expect(found).toContain("has a function of 41 lines");
  });
});

test("parameterCount refuses the fifth parameter", () => {
  expect(parameterCount([file("src/base/a.ts", "const a = (b, c, d, e) => 1;")])).toEqual([]);
  expect(parameterCount([file("src/base/a.ts", "class A { constructor(b, c, d, e, f) {} }")])).toHaveLength(
    1,
  );
});

test("commandLength refuses commands outside its bounds, and looks at nothing else", () => {
  const [least, most] = LIMITS.commandLines;
  const violations = [least - 1, least, most, most + 1].flatMap((count) =>
    commandLength([
      file(`src/commands/of-${count}.ts`, lines(count)),
      file(`src/cli/of-${count}.ts`, lines(count)),
    ]),
  );
  expect(violations).toEqual([
    "src/commands/of-14.ts:1: has 14 lines",
    "src/commands/of-81.ts:1: has 81 lines",
  ]);
});

describe("docComments refuses", () => {
  test.each([
    ["a function", "export function a() {}"],
    ["a constant", "export const a = 1;"],
    ["a type", "export type a = string;"],
    ["an interface", "export interface a {}"],
    ["a class", "export class a {}"],
    ["a line comment", "// Not for readers.\nexport const a = 1;"],
    ["a plain comment", "/* Not for readers. */\nexport const a = 1;"],
    ["a constant set apart", "/** Of b. */\nexport const b = 1;\n\nexport const a = 2;"],
    ["a doc comment that belongs to something else", "/** Of b. */\nconst b = 1;\nexport const a = b;"],
  ])("%s", (_, text) => {
    expect(docComments([file("src/base/a.ts", text)])).toEqual([
      expect.stringContaining("exports a without"),
    ]);
  });

  test("nothing that is documented", () => {
    const text = [
      "/** Does it. */\nexport function a(x: string): void;\nexport function a(x: number): void;",
      "export function a(x: unknown): void {}",
      "/**\n * Counts.\n */\nexport const b = 1;\nexport const d = 2;",
      'export { c } from "./c.ts";',
      "const local = 1;",
    ].join("\n");
    expect(docComments([file("src/base/a.ts", text)])).toEqual([]);
  });

  test("no command that has a summary", () => {
    const command = (body: string): SourceFile =>
      file("src/commands/a.ts", `export default class A extends B { ${body} }`);
    expect(docComments([command('static override summary = "Does it.";')])).toEqual([]);
    expect(docComments([command("run() {}")])).toHaveLength(1);
  });
});
