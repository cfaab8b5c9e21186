import { readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { parseAst } from "vitest/node";

/** A source file under examination; tests make some up to see that a rule finds what it should. */
export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  path: string;
  text: string;
}

/** A node of the syntax tree (ESTree with TypeScript's additions). */
export interface SyntaxNode {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

/** One place at which a file names another module. */
export interface ModuleReference {
  /** Undefined when the name is computed. */
  specifier: string | undefined;
  /** Names that are imported, as the other module calls them. */
  names: string[];
  node: SyntaxNode;
}

/** Something that breaks a rule, as `path:line: what`. */
export type Violation = string;

/** Reads the TypeScript and JavaScript files below `folders`. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => listFiles(join(root, folder)))
    .filter((file) => /\.[jt]s$/.test(file))
    .map((file) => ({ path: relative(root, file).split(sep).join("/"), text: readFileSync(file, "utf8") }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listFiles(path) : [path];
  });
}

const trees = new WeakMap<SourceFile, SyntaxNode[]>();

/** Parses a file, once for all rules, and lists its nodes, outer ones first. */
export function nodesOf(file: SourceFile): readonly SyntaxNode[] {
  const known = trees.get(file);
  if (known !== undefined) return known;
  const nodes = [
    ...descend(parseAst(file.text, { lang: file.path.endsWith(".ts") ? "ts" : "js" }, file.path)),
  ];
  trees.set(file, nodes);
  return nodes;
}

function* descend(value: unknown): Generator<SyntaxNode> {
  if (Array.isArray(value)) {
    for (const element of value) yield* descend(element);
  } else if (isNode(value)) {
    yield value;
    for (const child of Object.values(value)) yield* descend(child);
  }
}

/** Tells whether a value is a node, of one of these types if any are given. */
export function isNode(value: unknown, ...types: string[]): value is SyntaxNode {
  if (typeof value !== "object" || value === null || !("type" in value) || !("start" in value)) return false;
  return typeof value.type === "string" && (types.length === 0 || types.includes(value.type));
}

/** The text of an identifier, a private name or a string; undefined for anything else. */
export function wordOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  const word = isNode(node, "Identifier", "PrivateIdentifier") ? node["name"] : node["value"];
  return typeof word === "string" ? word : undefined;
}

/** Finds all imports of a file: static, dynamic, re-exports, `require` and types. */
export function referencesOf(file: SourceFile): ModuleReference[] {
  return nodesOf(file).flatMap((node) => {
    const source = referencedModule(node);
    return isNode(source)
      ? [
          {
            specifier: isNode(source, "Literal") ? wordOf(source) : undefined,
            names: importedNames(node),
            node,
          },
        ]
      : [];
  });
}

function referencedModule(node: SyntaxNode): unknown {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
    case "ImportExpression":
      return node["source"];
    case "TSImportType":
      return node["source"] ?? node["argument"];
    case "CallExpression":
      return wordOf(node["callee"]) === "require" && Array.isArray(node["arguments"])
        ? node["arguments"][0]
        : undefined;
    default:
      return undefined;
  }
}

function importedNames(node: SyntaxNode): string[] {
  const specifiers: unknown[] = Array.isArray(node["specifiers"]) ? node["specifiers"] : [];
  return specifiers.flatMap((specifier) => {
    const name = isNode(specifier) ? wordOf(specifier["imported"]) : undefined;
    return name === undefined ? [] : [name];
  });
}

/** Names a place in a file for a reader. */
export function violation(file: SourceFile, node: SyntaxNode, what: string): Violation {
  return `${file.path}:${lineAt(file, node.start)}: ${what}`;
}

/** The number of the line that holds an offset, from 1. */
export function lineAt(file: SourceFile, offset: number): number {
  return file.text.slice(0, offset).split("\n").length;
}
