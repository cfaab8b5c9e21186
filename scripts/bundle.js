// Bundles the program into one file. A call of runhcs needs a fraction of it, and a start takes longer the more
// functions an engine of JavaScript has to make. So what engines of containers wait for is bundled as usual, and all
// else, the rare part, lies in one function, which is called when the first module in it is imported.
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const top = join(dirname(fileURLToPath(import.meta.url)), "..");

/** These entries, and what they import, are the common part. */
const COMMON_ENTRIES = [
  "src/main.ts",
  "src/hcs/linux/open.ts",
  ...["create", "start", "run", "exec", "state", "kill", "delete"].map((name) => `src/commands/${name}.ts`),
];

const OPTIONS = {
  bundle: true,
  minify: true,
  write: false,
  platform: "node",
  target: "node20",
  logLevel: "warning",
};

/**
 * Bundles `src/main.ts` for Node and Bun.
 *
 * @param define global names that are replaced, with the expressions that replace them
 * @returns the text of a CommonJS module; and the modules of the common part, each with its size in bytes and the
 *   modules of Node that it imports
 */
export async function bundleProgram(define) {
  const { outputFiles, metafile } = await splitIntoChunks(define);
  const chunks = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const common = commonChunks(metafile.outputs);
  const rareEntries = Object.entries(metafile.outputs)
    .filter(([path, { entryPoint }]) => entryPoint !== undefined && !common.has(path))
    .map(([path]) => basename(path));
  const isCommon = (name) => common.has(`dist/${name}`);
  const rare = await joinRareChunks(chunks, rareEntries, isCommon);
  const text = inAscii(await joinCommonChunks(chunks, rare, isCommon));
  return { text, common: modulesOf(common, metafile) };
}

/**
 * Escapes what esbuild leaves as it is, the text of regular expressions. With a single character beyond ASCII Node
 * decodes the whole file one character after the other, which takes 1 to 2 ms.
 */
function inAscii(text) {
  return text.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Splits the program at its dynamic imports; esbuild does this for ECMAScript modules only. */
function splitIntoChunks(define) {
  return build({
    ...OPTIONS,
    entryPoints: ["src/main.ts"],
    outdir: "dist",
    absWorkingDir: top,
    format: "esm",
    splitting: true,
    metafile: true,
    define: { "import.meta.dirname": "__dirname", ...define },
    plugins: [lazyOclif],
  });
}

/** The chunks that the common entries are in or import, as esbuild names them. */
function commonChunks(outputs) {
  const chunks = new Set();
  const add = (path) => {
    if (chunks.has(path)) return;
    chunks.add(path);
    for (const imported of outputs[path].imports)
      if (isStatic(imported) && !imported.external) add(imported.path);
  };
  for (const [path, { entryPoint }] of Object.entries(outputs))
    if (COMMON_ENTRIES.includes(entryPoint)) add(path);
  return chunks;
}

function isStatic({ kind }) {
  return kind === "import-statement";
}

function modulesOf(chunks, { inputs, outputs }) {
  const sizes = [...chunks].flatMap((chunk) => Object.entries(outputs[chunk].inputs));
  return sizes.map(([path, { bytesInOutput: bytes }]) => {
    const paths = inputs[path].imports.filter(isStatic).map((statement) => statement.path);
    return { path, bytes, builtins: paths.filter(isBuiltin) };
  });
}

/** @returns the rare part, a CommonJS module of one function for each entry; common chunks are left to `require` */
function joinRareChunks(chunks, entries, isCommon) {
  const rare = entries.map((name) => `exports[${JSON.stringify(name)}] = () => require("./${name}");`);
  return joinChunks("./rare.js", (name) => {
    if (isCommon(name)) return undefined;
    return name === "rare.js" ? rare.join("\n") : chunks.get(name);
  });
}

/** @returns the whole: the common chunks, and the rare part in one function, because it is a CommonJS module */
function joinCommonChunks(chunks, rare, isCommon) {
  return joinChunks("./main.js", (name) => {
    if (name === "rare.js") return rare;
    return isCommon(name) ? chunks.get(name) : `module.exports = require("./rare.js")["${name}"]();`;
  });
}

/** Joins chunks to a CommonJS module. @param textOf the text of a chunk, undefined if it stays outside */
async function joinChunks(entry, textOf) {
  const fromMemory = {
    name: "chunks",
    setup(bundler) {
      bundler.onResolve({ filter: /^\.\// }, ({ path }) => {
        const name = basename(path);
        return textOf(name) === undefined ? { path, external: true } : { path: name, namespace: "chunk" };
      });
      bundler.onLoad({ filter: /./, namespace: "chunk" }, ({ path }) => ({ contents: textOf(path) }));
    },
  };
  const { outputFiles } = await build({
    ...OPTIONS,
    entryPoints: [entry],
    format: "cjs",
    supported: { "dynamic-import": false },
    plugins: [fromMemory],
  });
  return outputFiles[0].text;
}

/**
 * Makes the imports inside oclif lazy: one command needs a fraction of oclif's modules, and loading all of
 * them costs more than everything else that a short command does.
 */
const lazyOclif = {
  name: "lazy-oclif",
  setup(bundler) {
    bundler.onLoad({ filter: UNREACHED }, () => ({ contents: "module.exports = {};", loader: "js" }));
    bundler.onLoad({ filter: /@oclif\/core\/lib\/.*\.js$/ }, ({ path }) => ({
      contents: withLazyRequires(readFileSync(path, "utf8"), path),
      loader: "js",
    }));
  },
};

/**
 * Parts of oclif that this program never reaches: it has its own routing, configuration and progress output.
 * They and their dependencies are two thirds of the bundle, which Node parses at every start.
 */
const UNREACHED =
  /@oclif\/core\/lib\/(config\/(index|config|plugin|ts-path)|module-loader|ux\/(action|styled|colorize-json)|util\/(read-pjson|find-root|determine-priority))/;

function withLazyRequires(source, path) {
  const names = [];
  let text = source.replace(
    /^const (\w+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm,
    (_, name, expression) => {
      names.push(name);
      return `let ${name}$value; const ${name}$ = () => (${name}$value ??= ${expression});`;
    },
  );
  for (const name of names)
    text = text.replace(new RegExp(`(?<![\\w.$"'])${name}(?![\\w$])`, "g"), `(${name}$())`);
  // At import oclif opens process.stdout, which loads all of Node's streams, and reads its own package.json.
  if (path.endsWith("lib/command.js")) {
    text = text
      .replace(/process\.stdout\.on\('error'[\s\S]*?\n\}\);/, "")
      .replace(/const pjson = .*;/, `const pjson = { name: "@oclif/core", version: "" };`);
  }
  return text;
}
