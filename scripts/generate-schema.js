/**
 * Generates TypeScript types and precompiled validators from schemas/ into src/schema/generated/.
 * Does nothing when the schemas, this script and the generators are those of the last time.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const outFolder = join(root, "src/schema/generated");
const stampFile = join(outFolder, "inputs.sha256");

/** Keywords of ours: the type to generate, and the words for what a pattern allows. */
const annotations = ["tsType", "x-allowed"];

/** What to generate: a module of types per schema, and a module of validators of its definitions. */
const sources = [
  {
    name: "oci-config",
    schema: "schemas/oci/config.schema.json",
    validators: {
      validateConfig: "OciConfig",
      validateProcess: "OciProcess",
      validateResources: "LinuxResources",
    },
  },
  { name: "oci-state", schema: "schemas/oci/state.schema.json", validators: { validateState: "OciState" } },
  {
    name: "oci-features",
    schema: "schemas/oci/features.schema.json",
    validators: { validateFeatures: "OciFeatures" },
  },
];

const stamp = inputsStamp();
if (readIfThere(stampFile) !== stamp) {
  rmSync(outFolder, { recursive: true, force: true });
  mkdirSync(outFolder, { recursive: true });
  for (const source of sources) await generate(source);
  writeFileSync(stampFile, stamp);
}

/** @param {typeof sources[number]} source */
async function generate(source) {
  const schema = JSON.parse(readFileSync(join(root, source.schema), "utf8"));
  const banner = `// Generated from ${source.schema} by scripts/generate-schema.js.\n`;
  const write = (extension, text) => writeFileSync(join(outFolder, source.name + extension), banner + text);
  write(".ts", await typesOf(structuredClone(schema)));
  write(".validators.js", validatorsOf(schema, source.validators));
  write(".validators.d.ts", declarationsOf(source));
  const texts = patternTexts(schema);
  if (Object.keys(texts).length > 0) write(".patterns.ts", patternModule(texts));
}

function typesOf(schema) {
  const { compile } = require("json-schema-to-typescript");
  return compile(schema, schema.title, {
    additionalProperties: false,
    bannerComment: "",
    format: false,
    ignoreMinAndMaxItems: true,
  });
}

/**
 * Validators as one ES module without imports. They are made by ajv's class for older drafts, whose code is smaller:
 * the keywords in use mean the same there, and the tests hold the schemas against draft 2020-12.
 */
function validatorsOf({ $schema: _, ...schema }, validators) {
  const { default: Ajv } = require("ajv");
  const standaloneCode = require("ajv/dist/standalone").default;
  const ajv = new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    // The words of faults are ours; definitions stay functions, so that only those in use are compiled.
    inlineRefs: false,
    messages: false,
    code: { source: true, esm: true },
    schemas: [schema],
    keywords: annotations,
  });
  const references = Object.entries(validators).map(([name, definition]) => [
    name,
    definition === schema.title ? schema.$id : `${schema.$id}#/$defs/${definition}`,
  ]);
  const code = standaloneCode(ajv, Object.fromEntries(references));
  if (/\brequire\(|^import /m.test(code))
    throw new Error("Cannot bundle the validators: they import something");
  return code;
}

function declarationsOf(source) {
  const lines = Object.entries(source.validators).map(
    ([name, definition]) => `export declare const ${name}: ValidateFunction<types.${definition}>;`,
  );
  return [
    'import type { ValidateFunction } from "../validate-function.ts";',
    `import type * as types from "./${source.name}.ts";`,
    ...lines,
    "",
  ].join("\n");
}

/** A table from each pattern of the schema to the words for what it allows. */
function patternTexts(schema) {
  const texts = {};
  const visit = (node) => {
    if (typeof node !== "object" || node === null) return;
    if (typeof node.pattern === "string") texts[node.pattern] = node["x-allowed"];
    for (const child of Object.values(node)) visit(child);
  };
  visit(schema);
  return texts;
}

function patternModule(texts) {
  return `export const patternTexts: Readonly<Record<string, string>> = ${JSON.stringify(texts, null, 2)};\n`;
}

function inputsStamp() {
  const hash = createHash("sha256");
  const inputs = [
    fileURLToPath(import.meta.url),
    ...sources.map((source) => join(root, source.schema)),
    join(root, "node_modules/ajv/package.json"),
    join(root, "node_modules/json-schema-to-typescript/package.json"),
  ];
  for (const file of inputs) hash.update(readFileSync(file));
  return hash.digest("hex");
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}
