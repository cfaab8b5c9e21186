import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as rules from "../support/architecture-rules.ts";
import { readSources, type SourceFile } from "../support/source-file.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const sources = readSources(REPOSITORY, ["src", "bin"]);

function file(path: string, text: string): SourceFile {
  return { path, text };
}

test("there are sources to examine", () => {
  expect(sources.map(({ path }) => path)).toContain("src/base/errors.ts");
});

describe("the sources keep the rule of", () => {
  test.each(Object.entries(rules))("%s", (_, rule) => {
    expect(rule(sources)).toEqual([]);
  });
});

describe("importDirection refuses", () => {
  test.each([
    ["a leftward import", "src/hcs/a.ts", 'import { b } from "../runtime/b.ts";', "hcs imports runtime"],
    [
      "a type from the left",
      "src/base/a.ts",
      'import type { B } from "../schema/b.ts";',
      "base imports schema",
    ],
    ["a middle folder of another", "src/oci/a.ts", 'export { b } from "../state/b.ts";', "oci imports state"],
    ["a dynamic import", "src/formats/tar/a.ts", 'await import("../../hcs/b.ts");', "formats imports hcs"],
    [
      "a re-export of everything",
      "src/cli/a.ts",
      'export * from "../commands/b.ts";',
      "cli imports commands",
    ],
    [
      "an import of a type in place",
      "src/schema/a.ts",
      'export type A = import("../hcs/b.ts").B;',
      "schema imports hcs",
    ],
    ["a require", "src/base/a.ts", 'const b = require("../cli/b.ts");', "base imports cli"],
    ["the entry as a library", "src/cli/a.ts", 'import { main } from "../main.ts";', "cli imports main"],
    ["operations in the entry", "src/main.ts", 'import { b } from "./runtime/b.ts";', "main imports runtime"],
    ["code outside src", "src/cli/a.ts", 'import { b } from "../../scripts/b.ts";', "outside src"],
    ["tests", "src/hcs/a.ts", 'import { b } from "../../test/support/b.ts";', "outside src"],
    ["an unknown folder", "src/utils/a.ts", 'import { b } from "../base/b.ts";', "no known folder"],
  ])("%s", (_, path, text, what) => {
    expect(rules.importDirection([file(path, text)])).toEqual([expect.stringContaining(`${path}:1: `)]);
    expect(rules.importDirection([file(path, text)])[0]).toContain(what);
  });

  test("nothing that the direction allows", () => {
    const allowed = [
      file("bin/run.js", 'import "../dist/run.cjs"; import { main } from "../src/main.ts";'),
      file("src/main.ts", 'import { a } from "./cli/a.ts"; const b = () => import("./commands/state.ts");'),
      file("src/commands/state.ts", 'import { a } from "../runtime/a.ts"; import { b } from "../base/b.ts";'),
      file(
        "src/runtime/a.ts",
        'import { a } from "../oci/a.ts"; import { b } from "../state/b.ts"; import "./c.ts";',
      ),
      file(
        "src/oci/a.ts",
        'import type { A } from "../hcs/compute-service.ts"; import { join } from "node:path";',
      ),
      file("src/cli/version.ts", 'import pkg from "../../package.json" with { type: "json" };'),
    ];
    expect(rules.importDirection(allowed)).toEqual([]);
  });
});

describe("sealedImplementations refuses", () => {
  test.each([
    ["an operation", "src/runtime/a.ts", "../hcs/linux/machine.ts"],
    ["the other implementation", "src/hcs/windows/a.ts", "../linux/machine.ts"],
    ["the seam itself", "src/hcs/results.ts", "./linux/machine.ts"],
  ])("%s", (_, path, specifier) => {
    expect(rules.sealedImplementations([file(path, `import { a } from "${specifier}";`)])).toHaveLength(1);
  });

  test("neither the opener nor the implementation itself", () => {
    const allowed = [
      file("src/hcs/open.ts", 'await import("./linux/service.ts");'),
      file("src/hcs/linux/service.ts", 'import { a } from "./machine.ts";'),
    ];
    expect(rules.sealedImplementations(allowed)).toEqual([]);
  });
});

describe("packagePlaces refuses", () => {
  test.each([
    ["src/hcs/linux/machine.ts", 'import koffi from "koffi";'],
    ["src/hcs/linux/machine.ts", 'const koffi = require("koffi");'],
    ["src/runtime/a.ts", 'import type { Command } from "@oclif/core";'],
    ["src/runtime/a.ts", 'await import("@oclif/core/flags");'],
    ["src/commands/list.ts", 'import chalk from "chalk";'],
    ["src/oci/config.ts", 'import { Ajv } from "ajv/dist/2020.js";'],
  ])("in %s: %s", (path, text) => {
    expect(rules.packagePlaces([file(path, text)])).toHaveLength(1);
  });

  test("no package in its place", () => {
    const allowed = [
      file("src/hcs/windows/dll.ts", 'import koffi from "koffi";'),
      file("src/hcs/linux/libc.ts", 'import type { LibraryHandle } from "koffi";'),
      file("src/commands/list.ts", 'import { Flags } from "@oclif/core";'),
      file("src/main.ts", 'import { Config } from "@oclif/core/config";'),
    ];
    expect(rules.packagePlaces(allowed)).toEqual([]);
  });
});

describe("importForms refuses", () => {
  test.each([
    'import fs from "fs";',
    'import { b } from "./b";',
    'import { b } from "./b.js";',
    "await import(name);",
  ])("%s", (text) => {
    expect(rules.importForms([file("src/base/a.ts", text)])).toHaveLength(1);
  });

  test("no complete name", () => {
    const text = 'import fs from "node:fs"; import { b } from "./b.ts"; await import("../c.ts");';
    expect(rules.importForms([file("src/base/a.ts", text)])).toEqual([]);
  });
});

describe("machinePlaces refuses", () => {
  test.each([
    'import { existsSync } from "node:fs";',
    'await import("node:child_process");',
    'import { readTextIfExists } from "../../base/files.ts";',
    "process.kill(pid, 9);",
  ])("%s", (text) => {
    expect(rules.machinePlaces([file("src/hcs/linux/executor.ts", text)])).toHaveLength(1);
  });

  test("neither the host's own files nor what other folders do", () => {
    const text = 'import { existsSync } from "node:fs"; process.kill(1, 0);';
    const allowed = [file("src/hcs/linux/host-files.ts", text), file("src/state/a.ts", text)];
    expect(rules.machinePlaces(allowed)).toEqual([]);
  });
});

describe("platformPlaces refuses", () => {
  test.each([
    "export const isWindows = process.platform;",
    'export const isWindows = process["platform"];',
    "const { platform } = process;",
    'import { platform as host } from "node:process";',
    'import os from "node:os"; os.platform();',
    'import { platform } from "node:os";',
  ])("%s", (text) => {
    expect(rules.platformPlaces([file("src/cli/a.ts", text)])).toHaveLength(1);
  });

  test("neither the one place nor another platform", () => {
    const allowed = [
      file("src/hcs/open.ts", "process.platform;"),
      file("src/oci/a.ts", "spec.platform; // process.platform"),
    ];
    expect(rules.platformPlaces(allowed)).toEqual([]);
  });
});

describe("outputPlaces refuses", () => {
  test.each([
    "process.stdout.write(text);",
    'process["stderr"].write(text);',
    "process.exitCode = 1;",
    "process.exit(1);",
    "console.log(text);",
    "const { stdout } = process;",
    'import { exit } from "node:process";',
    "fs.writeSync(1, text);",
    "writeSync(2, text);",
  ])("%s", (text) => {
    expect(rules.outputPlaces([file("src/commands/list.ts", text)])).toHaveLength(1);
  });

  test("nothing of the command line's folder, and no other descriptor", () => {
    const allowed = [
      file("src/cli/print.ts", "writeSync(1, text); process.exitCode = 1;"),
      file("src/main.ts", "process.exit(1);"),
      file("src/base/files.ts", "writeSync(descriptor, text); process.pid; child.stdout.pipe(x);"),
    ];
    expect(rules.outputPlaces(allowed)).toEqual([]);
  });
});

describe("executorNames refuses", () => {
  test.each([
    ["an identifier", "const crun = 1;"],
    ["a part of an identifier", "const runcRoot = 1;"],
    ["the end of an identifier", "const isCrun = 1;"],
    ["a constant", "const RUNC_PATH = 1;"],
    ["a property", "const a = { crun: 1 };"],
    ["a string", 'const a = "/usr/bin/runc";'],
    ["a template", "const a = `${b} Crun failed`;"],
    ["an expression", "const a = /^runc: /;"],
    ["a type", 'type Executor = "crun";'],
    ["an import", 'import { a } from "./run-crun.ts";'],
  ])("%s", (_, text) => {
    expect(rules.executorNames([file("src/runtime/a.ts", text)])).not.toEqual([]);
  });

  test("a file name", () => {
    expect(rules.executorNames([file("src/state/crun-record.ts", "")])).toHaveLength(1);
  });

  test("neither comments, similar words nor the executors' own folder", () => {
    const allowed = [
      file(
        "src/runtime/a.ts",
        '/** As runc. */ truncate(); const run = "runhcs"; ftruncateSync(1); // crun\n',
      ),
      file("src/hcs/linux/executor.ts", 'const crun = "crun";'),
    ];
    expect(rules.executorNames(allowed)).toEqual([]);
  });
});

describe("importCycles finds", () => {
  test("a circle of three once, whatever the kind of import", () => {
    const circle = [
      file("src/base/a.ts", 'import { b } from "./b.ts";'),
      file("src/base/b.ts", 'const c = () => import("./c.ts");'),
      file("src/base/c.ts", 'import type { A } from "./a.ts";'),
    ];
    expect(rules.importCycles(circle)).toEqual([
      "src/base/a.ts -> src/base/b.ts -> src/base/c.ts -> src/base/a.ts: imports in a circle",
    ]);
  });

  test("no circle where two files share a third", () => {
    const shared = [
      file("src/base/a.ts", 'import "./b.ts"; import "./c.ts";'),
      file("src/base/b.ts", 'import "./c.ts";'),
      file("src/base/c.ts", ""),
    ];
    expect(rules.importCycles(shared)).toEqual([]);
  });
});

describe("defaultExports refuses", () => {
  test.each(["export default function run() {}", "const a = 1; export { a as default };"])("%s", (text) => {
    expect(rules.defaultExports([file("src/cli/a.ts", text)])).toHaveLength(1);
    expect(rules.defaultExports([file("src/commands/a.ts", text)])).toEqual([]);
  });
});

test("unfinishedWork finds notes with their line", () => {
  const note = ["TO", "DO"].join("");
  expect(rules.unfinishedWork([file("src/a.ts", `const a = 1;\n// ${note}: more\n`)])).toEqual([
    `src/a.ts:2: // ${note}: more`,
  ]);
});
