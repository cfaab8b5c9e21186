import { builtinModules } from "node:module";
import { posix } from "node:path";
import {
  isNode,
  nodesOf,
  referencesOf,
  violation,
  wordOf,
  type ModuleReference,
  type SourceFile,
  type SyntaxNode,
  type Violation,
} from "./source-file.ts";

/** Layers from left to right; a file imports its own folder and layers to the right, nothing else. */
const LAYERS = [
  ["bin"],
  ["main"],
  ["commands"],
  ["cli"],
  ["runtime"],
  ["oci", "state", "uvm", "layers"],
  ["hcs"],
  ["formats"],
  ["schema"],
  ["base"],
];

/** What `src/main.ts` imports at most: it starts the command line and does nothing else. */
const IMPORTS_OF_MAIN = ["commands", "cli", "base"];

/** The only places that import a package. */
const PACKAGE_PLACES: Record<string, string[]> = {
  koffi: ["src/hcs/windows/", "src/hcs/linux/libc.ts"],
  "@oclif/core": ["src/commands/", "src/cli/", "src/main.ts"],
  chalk: ["src/cli/"],
  ajv: ["src/schema/generated/"],
};

/** The second names a file after the platform, and decides nothing. */
const PLATFORM_PLACES = ["src/hcs/open.ts", "bin/run.js"];
const OUTPUT_PLACES = ["src/cli/", "src/main.ts", "bin/"];
const OUTPUT_MEMBERS = ["stdout", "stderr", "exit", "exitCode"];
const EXECUTOR_PLACES = ["src/hcs/linux/"];
const IMPLEMENTATIONS = ["src/hcs/linux/", "src/hcs/windows/"];

/** What goes through the machine, and the files for which the host is the machine or the caller. */
const MACHINE_USERS = "src/hcs/linux/";
const HOST_MODULES = ["node:fs", "node:fs/promises", "node:child_process"];
const HOST_FILE_READERS = ["ifExists", "readTextIfExists", "makeFolder"];
const HOST_PLACES = [
  "src/hcs/linux/host-files.ts",
  "src/hcs/linux/cgroup-view.ts",
  "src/hcs/linux/host-machine.ts",
  "src/hcs/linux/host-mounts.ts",
  "src/hcs/linux/libc.ts",
  "src/hcs/linux/loop-devices.ts",
  "src/hcs/linux/pass-signals.ts",
  "src/hcs/linux/pid-file.ts",
  "src/hcs/linux/cgroups/oom-notifier.ts",
];

const SEAM_OPENER = "src/hcs/open.ts";

/** Finds imports that go against the direction of the layers. */
export function importDirection(files: readonly SourceFile[]): Violation[] {
  return eachReference(files, (file, { specifier }) => {
    const target = resolve(file, specifier);
    if (target === undefined || target.endsWith(".json")) return undefined;
    const [from, to] = [folderOf(file.path), folderOf(target)];
    if (to === undefined) return from === "bin" ? undefined : `imports ${target}, which lies outside src`;
    if (from === undefined) return "lies in no known folder";
    return mayImport(from, to) ? undefined : `${from} imports ${to} (${target})`;
  });
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from === "main") return IMPORTS_OF_MAIN.includes(to);
  return layerOf(to) > layerOf(from);
}

function layerOf(folder: string): number {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

function folderOf(path: string): string | undefined {
  if (path === "src/main.ts") return "main";
  const folder = /^src\/([^/]+)\//.exec(path)?.[1] ?? /^bin(?=\/)/.exec(path)?.[0];
  return folder !== undefined && layerOf(folder) >= 0 ? folder : undefined;
}

/** Finds imports that reach past the seam into one implementation of the compute service. */
export function sealedImplementations(files: readonly SourceFile[]): Violation[] {
  return eachReference(files, (file, { specifier }) => {
    const target = resolve(file, specifier);
    const behind = IMPLEMENTATIONS.find((folder) => target?.startsWith(folder));
    if (behind === undefined || file.path.startsWith(behind) || file.path === SEAM_OPENER) return undefined;
    return `imports ${target}; only ${SEAM_OPENER} opens an implementation`;
  });
}

/** Finds packages imported outside their single places. */
export function packagePlaces(files: readonly SourceFile[]): Violation[] {
  return eachReference(files, (file, { specifier }) => {
    const entry = Object.entries(PACKAGE_PLACES).find(
      ([name]) => specifier === name || specifier?.startsWith(`${name}/`),
    );
    return entry === undefined || isIn(file, entry[1]) ? undefined : `imports ${specifier}`;
  });
}

/** Finds module names that are computed, lack `.ts` or lack `node:`. */
export function importForms(files: readonly SourceFile[]): Violation[] {
  return eachReference(files, (file, { specifier }) => {
    if (specifier === undefined) return "imports a module of a computed name";
    if (builtinModules.includes(specifier)) return `imports ${specifier} without node:`;
    const isRelative = /^\.{1,2}\//.test(specifier);
    const lacksEnding = isRelative && file.path.startsWith("src/") && !/\.(ts|json)$/.test(specifier);
    return lacksEnding && !isIn(file, ["src/schema/"]) ? `imports ${specifier} without .ts` : undefined;
  });
}

/** Finds what reaches past the interface of the machine on which Linux containers run, as if that were the host. */
export function machinePlaces(files: readonly SourceFile[]): Violation[] {
  const behind = files.filter((file) => file.path.startsWith(MACHINE_USERS) && !isIn(file, HOST_PLACES));
  const imported = eachReference(behind, (_, { specifier = "", names }) => {
    const isHosts =
      HOST_MODULES.includes(specifier) || names.some((name) => HOST_FILE_READERS.includes(name));
    return isHosts ? `imports ${specifier}` : undefined;
  });
  const kills = (of: string, member: string): boolean => of === "process" && member === "kill";
  return [...imported, ...eachMember(behind, [], kills)];
}

/** Finds questions for the host's platform outside the one place that asks. */
export function platformPlaces(files: readonly SourceFile[]): Violation[] {
  const asks = (of: string, member: string): boolean =>
    member === "platform" && ["process", "os"].includes(of);
  return eachMember(files, PLATFORM_PLACES, asks);
}

/** Finds output and exit codes outside the command line's own folder. */
export function outputPlaces(files: readonly SourceFile[]): Violation[] {
  const prints = (of: string, member: string): boolean =>
    of === "console" || (of === "process" && OUTPUT_MEMBERS.includes(member));
  return [
    ...eachMember(files, OUTPUT_PLACES, prints),
    ...eachNode(files, (file, node) => {
      if (node.type !== "CallExpression" || isIn(file, OUTPUT_PLACES)) return undefined;
      const [callee, args] = [node["callee"], node["arguments"]];
      const name = wordOf(callee) ?? (isNode(callee) ? wordOf(callee["property"]) : undefined);
      const descriptor: unknown = Array.isArray(args) && isNode(args[0]) ? args[0]["value"] : undefined;
      return name === "writeSync" && (descriptor === 1 || descriptor === 2)
        ? "writes to a standard stream"
        : undefined;
    }),
  ];
}

/** Finds identifiers, strings and file names outside `hcs/linux` that name an executor; comments may. */
export function executorNames(files: readonly SourceFile[]): Violation[] {
  const outside = files.filter((file) => !isIn(file, EXECUTOR_PLACES));
  const paths = outside
    .filter(({ path }) => namesExecutor(path))
    .map(({ path }) => `${path}:1: names an executor`);
  const words = eachNode(outside, (_, node) => {
    const text = writtenWords(node);
    return text !== undefined && namesExecutor(text) ? `names an executor: ${text}` : undefined;
  });
  return [...paths, ...words];
}

function writtenWords(node: SyntaxNode): string | undefined {
  if (node.type === "TemplateElement" && isRecord(node["value"])) return String(node["value"]["raw"]);
  if (node.type === "Literal" && isRecord(node["regex"])) return String(node["regex"]["pattern"]);
  return isNode(node, "Identifier", "PrivateIdentifier", "Literal") ? wordOf(node) : undefined;
}

/** Splits camel case and punctuation first, because `truncate` is no executor and `runcRoot` names one. */
function namesExecutor(text: string): boolean {
  const words = text.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  return words.some((word) => /^(crun|runc)$/i.test(word));
}

/** Finds circles of imports. */
export function importCycles(files: readonly SourceFile[]): Violation[] {
  const targets = new Map(
    files.map((file) => [
      file.path,
      referencesOf(file).flatMap(({ specifier }) => resolve(file, specifier) ?? []),
    ]),
  );
  const finished = new Set<string>();
  const found: Violation[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path))
      found.push(`${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}: imports in a circle`);
    if (trail.includes(path) || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}

/** Finds default exports outside the commands, where oclif asks for them. */
export function defaultExports(files: readonly SourceFile[]): Violation[] {
  return eachNode(files, (file, node) => {
    const isDefault =
      node.type === "ExportDefaultDeclaration" ||
      (node.type === "ExportSpecifier" && wordOf(node["exported"]) === "default");
    return isDefault && !isIn(file, ["src/commands/"]) ? "has a default export" : undefined;
  });
}

/** Finds notes of unfinished work. */
export function unfinishedWork(files: readonly SourceFile[]): Violation[] {
  return files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, at) =>
        /\b(TODO|FIXME|XXX)\b/.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [],
      ),
  );
}

function eachNode(
  files: readonly SourceFile[],
  judge: (file: SourceFile, node: SyntaxNode) => string | undefined,
): Violation[] {
  return files.flatMap((file) =>
    nodesOf(file).flatMap((node) => {
      const what = judge(file, node);
      return what === undefined ? [] : [violation(file, node, what)];
    }),
  );
}

function eachReference(
  files: readonly SourceFile[],
  judge: (file: SourceFile, reference: ModuleReference) => string | undefined,
): Violation[] {
  return files.flatMap((file) =>
    referencesOf(file).flatMap((reference) => {
      const what = judge(file, reference);
      return what === undefined ? [] : [violation(file, reference.node, what)];
    }),
  );
}

/** Judges `object.member`, `object["member"]`, `{ member } = object` and `import { member } from "node:object"`. */
function eachMember(
  files: readonly SourceFile[],
  places: readonly string[],
  isForbidden: (object: string, member: string) => boolean,
): Violation[] {
  const outside = files.filter((file) => !isIn(file, places));
  const used = eachNode(outside, (_, node) => {
    const [object, members] = membersOf(node);
    const member = members.find((name) => object !== undefined && isForbidden(object, name));
    return member === undefined ? undefined : `uses ${object}.${member}`;
  });
  const imported = eachReference(outside, (_, { specifier, names }) => {
    const object = specifier?.replace(/^node:/, "") ?? "";
    const member = names.find((name) => isForbidden(object, name));
    return member === undefined ? undefined : `imports ${member} of ${specifier}`;
  });
  return [...used, ...imported];
}

function membersOf(node: SyntaxNode): [object: string | undefined, members: string[]] {
  if (node.type === "MemberExpression") {
    const member = wordOf(node["property"]);
    return [wordOf(node["object"]), member === undefined ? [] : [member]];
  }
  const pattern = node.type === "VariableDeclarator" ? node["id"] : undefined;
  if (!isNode(pattern, "ObjectPattern") || !Array.isArray(pattern["properties"])) return [undefined, []];
  const keys: unknown[] = pattern["properties"].map((property: unknown) =>
    isNode(property) ? property["key"] : undefined,
  );
  return [wordOf(node["init"]), keys.flatMap((key) => wordOf(key) ?? [])];
}

function resolve(file: SourceFile, specifier: string | undefined): string | undefined {
  if (specifier === undefined || !specifier.startsWith(".")) return undefined;
  return posix.join(posix.dirname(file.path), specifier);
}

function isIn(file: SourceFile, places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith("/") ? file.path.startsWith(place) : file.path === place));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
