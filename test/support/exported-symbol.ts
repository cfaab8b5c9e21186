// Finds exported names of sources, and members of them, without running anything.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isNode, nodesOf, wordOf, type SourceFile, type SyntaxNode } from "./source-file.ts";

const files = new Map<string, SourceFile>();

/**
 * Tells whether a file exports a name, itself or by passing on another file's.
 *
 * @param symbol a name, or a name and one of its members: `HcsSystem.start`
 */
export function exportsSymbol(root: string, path: string, symbol: string): boolean {
  const [name = "", member] = symbol.split(".");
  const file = sourceFile(root, path);
  for (const node of nodesOf(file)) {
    if (node.type === "ExportNamedDeclaration" && !isNode(node["source"])) {
      const declared = declarationOf(node, name);
      if (declared !== undefined && (member === undefined || hasMember(file, declared, member))) return true;
    }
    const target = passedOn(node, name);
    if (target !== undefined && exportsSymbol(root, join(dirname(path), target), symbol)) return true;
  }
  return false;
}

function sourceFile(root: string, path: string): SourceFile {
  const file = files.get(path) ?? { path, text: readFileSync(join(root, path), "utf8") };
  files.set(path, file);
  return file;
}

function declarationOf({ declaration }: SyntaxNode, name: string): SyntaxNode | undefined {
  if (!isNode(declaration)) return undefined;
  const declarators = declaration["declarations"];
  const declared: unknown[] = Array.isArray(declarators) ? declarators : [declaration];
  return declared.filter((node) => isNode(node)).find((node) => wordOf(node["id"]) === name);
}

/** The file from which a node passes a name on. */
function passedOn(node: SyntaxNode, name: string): string | undefined {
  if (!isNode(node, "ExportAllDeclaration", "ExportNamedDeclaration")) return undefined;
  const specifiers: unknown[] = Array.isArray(node["specifiers"]) ? node["specifiers"] : [];
  const isNamed = specifiers.some((each) => isNode(each) && wordOf(each["exported"]) === name);
  return isNamed || node.type === "ExportAllDeclaration" ? wordOf(node["source"]) : undefined;
}

/** Looks among the keys and literal types of a declaration, and of the constants of its file that it spreads. */
function hasMember(file: SourceFile, declaration: SyntaxNode, member: string): boolean {
  const inside = nodesOf(file).filter(
    ({ start, end }) => start >= declaration.start && end <= declaration.end,
  );
  return inside.some((node) => {
    if (isNode(node, "SpreadElement")) {
      const spread = constantOf(file, wordOf(node["argument"]));
      return spread !== undefined && spread !== declaration && hasMember(file, spread, member);
    }
    if (isNode(node, "TSLiteralType")) return wordOf(node["literal"]) === member;
    return wordOf(node["key"]) === member;
  });
}

function constantOf(file: SourceFile, name: string | undefined): SyntaxNode | undefined {
  return nodesOf(file).find((node) => isNode(node, "VariableDeclarator") && wordOf(node["id"]) === name);
}
