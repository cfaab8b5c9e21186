// Bundles the program into one file. A call of runhcs needs a fraction of it, and an engine's start takes longer the
// more functions it has to make, so what a command does not need stays inside functions that are not called.
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const top = join(dirname(fileURLToPath(import.meta.url)), "..");

const common = {
  bundle: true,
  minify: true,
  write: false,
  platform: "node",
  target: "node20",
  logLevel: "warning",
};

/** What engines call and wait for is bundled as usual, with its imports; all else is put into functions. */
const COMMON = [
  "src/main.ts",
  "src/hcs/linux/open.ts",
  ...["create", "start", "run", "exec", "state", "kill", "delete"].map((name) => `src/commands/${name}.ts`),
];

/**
 * Bundles `src/main.ts` for Node and Bun.
 *
 * @param define global names that are replaced, with the expressions that replace them
 * @returns the text of a CommonJS module; and the modules that are not in functions, each with its size in bytes and
 *   the modules of Node that it imports
 */
export async function bundleProgram(define) {
  const { outputFiles, metafile } = await splitIntoChunks(define);
  const common = commonChunks(metafile.outputs);
  const chunks = new Map();
  for (const { path, text } of outputFiles) {
    const name = basename(path);
    chunks.set(name, common.has(`dist/${name}`) ? text : await toCommonJs(text));
  }
  return { text: await joinChunks(chunks), common: modulesOf(common, metafile) };
}

function modulesOf(chunks, { inputs, outputs }) {
  const sizes = [...chunks].flatMap((chunk) => Object.entries(outputs[chunk].inputs));
  return sizes.map(([path, { bytesInOutput: bytes }]) => ({
    path,
    bytes,
    builtins: inputs[path].imports
      .filter(isStatic)
      .map((imported) => imported.path)
      .filter(isBuiltin),
  }));
}

function isStatic({ kind }) {
  return kind === "import-statement";
}

/** The chunks that the common entries are in or import, by esbuild's names of them. */
function commonChunks(outputs) {
  const chunks = new Set();
  const add = (name) => {
    if (chunks.has(name)) return;
    chunks.add(name);
    const imports = outputs[name].imports.filter(
      ({ kind, external }) => kind === "import-statement" && !external,
    );
    for (const { path } of imports) add(path);
  };
  for (const [name, { entryPoint }] of Object.entries(outputs)) if (COMMON.includes(entryPoint)) add(name);
  return chunks;
}

/** Splits the program at its dynamic imports; esbuild does this for ECMAScript modules only. */
function splitIntoChunks(define) {
  return build({
    ...common,
    entryPoints: [join(top, "src/main.ts")],
    outdir: join(top, "dist"),
    absWorkingDir: top,
    format: "esm",
    splitting: true,
    metafile: true,
    define: { "import.meta.dirname": "__dirname", ...define },
    plugins: [lazyOclif],
  });
}

async function toCommonJs(text) {
  const { code } = await transform(text, { minify: true, format: "cjs", platform: "node", target: "node20" });
  return code;
}

/** Joins the chunks; esbuild makes a function of each that is a CommonJS module, which its first import calls. */
async function joinChunks(chunks) {
  const fromMemory = {
    name: "chunks",
    setup(bundler) {
      bundler.onResolve({ filter: /^\.\// }, ({ path }) => ({ path: basename(path), namespace: "chunk" }));
      bundler.onLoad({ filter: /./, namespace: "chunk" }, ({ path }) => ({ contents: chunks.get(path) }));
    },
  };
  const { outputFiles } = await build({
    ...common,
    entryPoints: ["./main.js"],
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
