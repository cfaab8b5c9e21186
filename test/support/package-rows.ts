// Reads docs/seeds.md and finds what is wrong with its rows.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exportsSymbol } from "./exported-symbol.ts";
import { isNode, nodesOf, wordOf } from "./source-file.ts";

/** The names of each package, in the order of its documentation. */
export type PackageNames = Readonly<Record<string, readonly string[]>>;

/** One row of a table. */
interface Row {
  package: string;
  name: string;
  here: string;
  test: string;
}

const NOT_BUILT = /^Not built: [^|]+\.$/;
const NO_TEST = /^No test: [^|]+\.$/;
const SYMBOLS = /^(?:`[\w.]+` in `[\w./-]+`(?:, (?=`)|$))+$/;
const TESTS = /^(?:`[\w./-]+`: "[^"]+"(?:, (?=`)|$))+$/;

/** Finds all faults of a document about the names of packages, each as one line. */
export function faultsOf(root: string, text: string, names: PackageNames): string[] {
  const rows = readRows(text);
  const wanted = Object.entries(names).flatMap(([name, list]) => list.map((each) => `${name}: ${each}`));
  const found = rows.map((row) => `${row.package}: ${row.name}`);
  return [
    ...wanted.filter((each) => !found.includes(each)).map((each) => `${each} has no row`),
    ...found.filter((each) => !wanted.includes(each)).map((each) => `${each} is no name of the package`),
    ...found.filter((each, at) => found.indexOf(each) < at).map((each) => `${each} has two rows`),
    ...rows.flatMap((row) => rowFaults(root, row).map((fault) => `${row.package}: ${row.name} ${fault}`)),
  ];
}

function readRows(text: string): Row[] {
  let section = "";
  return text.split("\n").flatMap((line) => {
    section = /^## (\S+)$/.exec(line)?.[1] ?? section;
    const [, name, here, test] = /^\| `([^`|]+)` +\| ([^|]+?) +\| ([^|]+?) +\|$/.exec(line) ?? [];
    if (name === undefined || here === undefined || test === undefined) return [];
    return [{ package: section, name, here, test }];
  });
}

function rowFaults(root: string, { here, test }: Row): string[] {
  if (NOT_BUILT.test(here)) return test === "–" ? [] : ["is not built but has a test"];
  // A remark follows behind a semicolon.
  const [symbols = ""] = here.split("; ", 1);
  if (!SYMBOLS.test(symbols)) return [`names nothing that is here: ${here}`];
  return [...symbolFaults(root, symbols), ...testFaults(root, test)];
}

function symbolFaults(root: string, text: string): string[] {
  return [...text.matchAll(/`([\w.]+)` in `([^`]+)`/g)].flatMap(([, symbol = "", path = ""]) => {
    if (!existsSync(join(root, path))) return [`names the file ${path}, which does not exist`];
    return exportsSymbol(root, path, symbol) ? [] : [`names ${symbol}, which ${path} does not export`];
  });
}

function testFaults(root: string, text: string): string[] {
  if (NO_TEST.test(text)) return [];
  if (!TESTS.test(text)) return [`names no test: ${text}`];
  return [...text.matchAll(/`([^`]+)`: "([^"]+)"/g)].flatMap(([, path = "", title = ""]) => {
    if (!existsSync(join(root, path))) return [`names the test file ${path}, which does not exist`];
    return titlesOf(join(root, path)).some((each) => each === title)
      ? []
      : [`names "${title}", which ${path} lacks`];
  });
}

const titles = new Map<string, string[]>();

/** All texts of a test file among which its titles are; one with values keeps their names. */
function titlesOf(path: string): string[] {
  const known = titles.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(path, "utf8");
  const found = nodesOf({ path, text }).flatMap((node) => {
    if (isNode(node, "TemplateLiteral")) return [text.slice(node.start + 1, node.end - 1)];
    return isNode(node, "Literal") ? [wordOf(node) ?? ""] : [];
  });
  // What is in parentheses at the end of a title is a remark.
  const all = found.flatMap((title) => [title, title.replace(/ \([^()]+\)$/, "")]);
  titles.set(path, all);
  return all;
}
