import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { faultsOf, type PackageNames } from "../support/package-rows.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(`${REPOSITORY}/${path}`, "utf8");
const names = JSON.parse(read("test/fixtures/package-names.json")) as PackageNames;

test("the names of five packages are known, each once", () => {
  expect(Object.keys(names)).toEqual(["hcsoci", "hcsshim", "uvm", "lcow", "oci"]);
  for (const list of Object.values(names)) expect(list.toSorted()).toEqual([...new Set(list)].toSorted());
});

test("docs/seeds.md has one true row for each name", () => {
  expect(faultsOf(REPOSITORY, read("docs/seeds.md"), names)).toEqual([]);
});

describe("of a document is found", () => {
  const here = "`isPending` in `src/hcs/results.ts`";
  const tested = '`test/unit/seeds.test.ts`: "of a document is found"';
  const faults = (...rows: [name: string, here: string, test: string][]) => {
    const lines = rows.map((cells) => `| \`${cells[0]}\`   | ${cells[1]} | ${cells[2]}    |`);
    return faultsOf(REPOSITORY, ["## p", "", "| name | here |", ...lines].join("\n"), { p: ["A"] });
  };

  test.each<[string, string, string]>([
    ["an export with its test", here, tested],
    ["an export with a remark", `${here}; of one kind`, tested],
    ["several exports and tests", `${here}, \`isTimeout\` in \`src/hcs/results.ts\``, `${tested}, ${tested}`],
    ["a member of a class", "`HcsSystem.start` in `src/hcs/windows/compute-system.ts`", tested],
    ["a member of an interface", "`LayerStore.mountPath` in `src/hcs/layer-store.ts`", tested],
    [
      "a member of a member",
      "`Statistics.MemoryUsageCommitBytes` in `src/hcs/windows/system-properties.ts`",
      tested,
    ],
    ["a word of a type", "`ErrorCode.UVM_NOT_ATTACHED` in `src/base/errors.ts`", tested],
    [
      "a member of what is spread",
      "`VMCOMPUTE.NameToGuid` in `src/hcs/windows/bindings/vmcompute.ts`",
      tested,
    ],
    ["what is passed on whole", "`HnsNetwork.Subnets` in `src/schema/hns.ts`", tested],
    ["what is passed on by name", "`LayerV1.Path` in `src/schema/hcs.ts`", tested],
    ["a title before its remark", here, '`test/unit/seeds.test.ts`: "with a remark"'],
    ["a title with a value", here, '`test/unit/seeds.test.ts`: "with ${tested} in it"'],
    ["a reason instead of a test", here, "No test: nothing calls it."],
    ["a reason instead of an export", "Not built: nobody needs it.", "–"],
  ])("no fault in %s", (_, cell, test) => {
    expect(faults(["A", cell, test])).toEqual([]);
  });

  test.each<[string, [string, string, string][], string]>([
    ["a missing row", [], "p: A has no row"],
    [
      "a row without a name",
      [
        ["A", here, tested],
        ["B", here, tested],
      ],
      "p: B is no name of the package",
    ],
    [
      "a second row",
      [
        ["A", here, tested],
        ["A", here, tested],
      ],
      "p: A has two rows",
    ],
    [
      "a missing file",
      [["A", "`x` in `src/none.ts`", tested]],
      "p: A names the file src/none.ts, which does not exist",
    ],
    [
      "a name that is not exported",
      [["A", "`hasResult` in `src/hcs/results.ts`", tested]],
      "p: A names hasResult, which src/hcs/results.ts does not export",
    ],
    [
      "a name that is only imported",
      [["A", "`RuntimeError` in `src/hcs/results.ts`", tested]],
      "p: A names RuntimeError, which src/hcs/results.ts does not export",
    ],
    [
      "a missing member",
      [["A", "`LayerStore.nothing` in `src/hcs/layer-store.ts`", tested]],
      "p: A names LayerStore.nothing, which src/hcs/layer-store.ts does not export",
    ],
    [
      "the member of another export",
      [["A", "`ScratchDisks.mountPath` in `src/hcs/layer-store.ts`", tested]],
      "p: A names ScratchDisks.mountPath, which src/hcs/layer-store.ts does not export",
    ],
    [
      "the second of two exports",
      [["A", `${here}, \`x\` in \`src/hcs/results.ts\``, tested]],
      "p: A names x, which src/hcs/results.ts does not export",
    ],
    ["an empty claim", [["A", "somewhere", tested]], "p: A names nothing that is here: somewhere"],
    [
      "a missing test file",
      [["A", here, '`test/none.test.ts`: "x"']],
      "p: A names the test file test/none.test.ts, which does not exist",
    ],
    [
      "a missing title",
      [["A", here, `\`test/unit/style.test.ts\`: "${"of a document"} is found"`]],
      'p: A names "of a document is found", which test/unit/style.test.ts lacks',
    ],
    ["a reason that says nothing", [["A", here, "No test: "]], "p: A names no test: No test:"],
    ["a test of what is not built", [["A", "Not built: x.", tested]], "p: A is not built but has a test"],
  ])("%s", (_, rows, fault) => {
    expect(faults(...rows)).toEqual([fault]);
  });
});

// Titles that the rows above name.
describe("titles", () => {
  test("with a remark (which is not part of it)", () => {
    const tested = "a value";
    expect(`with ${tested} in it`).toBe("with a value in it");
  });
});
