import {
  isNode,
  lineAt,
  nodesOf,
  violation,
  wordOf,
  type SourceFile,
  type SyntaxNode,
  type Violation,
} from "./source-file.ts";

/** How large a file, a function and a command may be, in lines. */
export const LIMITS = { fileLines: 300, functionLines: 40, parameters: 4, commandLines: [15, 80] } as const;

/** Files that are generated and not written for readers. */
const GENERATED = "src/schema/generated/";

/** Finds files that are too long. */
export function fileLength(files: readonly SourceFile[]): Violation[] {
  return written(files).flatMap((file) => {
    const lines = lineCount(file);
    return lines > LIMITS.fileLines ? [`${file.path}:1: has ${lines} lines`] : [];
  });
}

/** Finds functions that are too long, their signature included. */
export function functionLength(files: readonly SourceFile[]): Violation[] {
  return eachFunction(files, (file, node) => {
    const lines = lineAt(file, node.end) - lineAt(file, node.start) + 1;
    return lines > LIMITS.functionLines ? `has a function of ${lines} lines` : undefined;
  });
}

/** Finds functions that take too many parameters. */
export function parameterCount(files: readonly SourceFile[]): Violation[] {
  return eachFunction(files, (_, node) => {
    const count = Array.isArray(node["params"]) ? node["params"].length : 0;
    return count > LIMITS.parameters ? `has a function of ${count} parameters` : undefined;
  });
}

/** Finds commands that do more, or say less, than a command should. */
export function commandLength(files: readonly SourceFile[]): Violation[] {
  const [least, most] = LIMITS.commandLines;
  return files
    .filter(({ path }) => path.startsWith("src/commands/"))
    .flatMap((file) => {
      const lines = lineCount(file);
      return lines < least || lines > most ? [`${file.path}:1: has ${lines} lines`] : [];
    });
}

/**
 * Finds exports without a doc comment. Overloads and constants on adjoining lines share one; a command's is its
 * summary, which its help prints.
 */
export function docComments(files: readonly SourceFile[]): Violation[] {
  return written(files).flatMap((file) => {
    const documented = new Set<string>();
    let groupEnd = -1;
    return nodesOf(file).flatMap((node) => {
      const declaration = exportedDeclaration(node);
      if (declaration === undefined) return [];
      const name = declaredName(declaration);
      const inGroup =
        declaration.type === "VariableDeclaration" && file.text.slice(groupEnd, node.start) === "\n";
      const isDocumented =
        inGroup || hasDocComment(file, node) || hasSummary(declaration) || documented.has(name);
      if (isDocumented) {
        documented.add(name);
        groupEnd = node.end;
      }
      return isDocumented ? [] : [violation(file, node, `exports ${name} without a doc comment`)];
    });
  });
}

function exportedDeclaration(node: SyntaxNode): SyntaxNode | undefined {
  if (!isNode(node, "ExportNamedDeclaration", "ExportDefaultDeclaration")) return undefined;
  return isNode(node["declaration"]) ? node["declaration"] : undefined;
}

function declaredName(declaration: SyntaxNode): string {
  const declarators = declaration["declarations"];
  const named: unknown = Array.isArray(declarators) ? declarators[0] : declaration;
  return (isNode(named) ? wordOf(named["id"]) : undefined) ?? "a value";
}

function hasDocComment(file: SourceFile, node: SyntaxNode): boolean {
  return /\/\*\*(?:(?!\*\/)[^])*\*\/\s*$/.test(file.text.slice(0, node.start));
}

function hasSummary(declaration: SyntaxNode): boolean {
  const body = declaration["body"];
  const members: unknown = isNode(body, "ClassBody") ? body["body"] : [];
  return (
    Array.isArray(members) &&
    members.some(
      (member: unknown) => isNode(member, "PropertyDefinition") && wordOf(member["key"]) === "summary",
    )
  );
}

function eachFunction(
  files: readonly SourceFile[],
  judge: (file: SourceFile, node: SyntaxNode) => string | undefined,
): Violation[] {
  return written(files).flatMap((file) =>
    nodesOf(file).flatMap((node) => {
      if (!isNode(node, "FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression")) return [];
      const what = judge(file, node);
      return what === undefined ? [] : [violation(file, node, what)];
    }),
  );
}

function written(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => !path.startsWith(GENERATED));
}

function lineCount({ text }: SourceFile): number {
  return text.replace(/\n$/, "").split("\n").length;
}
