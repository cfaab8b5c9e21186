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

/**
 * Keywords of ours: the type to generate, the words for what a pattern allows, and of an HCS type the schema versions
 * of its newer members and the members that Microsoft's reference lacks.
 */
const annotations = ["tsType", "x-allowed", "x-since", "x-undocumented"];

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
  hcs("compute-system", ["ComputeSystem", "HostedSystem"]),
  hcs("container-config", ["ContainerConfig"]),
  hcs("modify", [
    "ModifySettingRequest",
    "GpuConfiguration",
    "IdleProcessorsRequest",
    "ProcessorLimits",
    ...["Attachment", "ComPort", "CpuGroup", "Device", "FlexibleIoDevice", "HvSocketServiceConfig"].map(
      ofSystem,
    ),
    ...["MappedDirectory", "MappedPipe", "NetworkAdapter", "Plan9Share", "SharedMemoryRegion"].map(ofSystem),
    ...["VirtualPMemDevice", "VirtualPMemMapping", "VirtualPciDevice", "VirtualSmbShare", "Uint64"].map(
      ofSystem,
    ),
  ]),
  hcs("process", ["ProcessParameters", "ProcessModifyRequest", "SignalProcessOptions"]),
  hcs("service", [
    "ServicePropertyQuery",
    "ModificationRequest",
    "SystemQuery",
    "PauseOptions",
    "SaveOptions",
  ]),
  hcs("answers", ["Properties", "ResultError", "SystemExitStatus", "ProcessStatus", "ServiceProperties"]),
  hcs("network", [
    "HostComputeNetwork",
    "HostComputeEndpoint",
    "HostComputeNamespace",
    "HostComputeQuery",
    ...matching("network", /PolicySetting$/),
  ]),
  hcs("hns", [
    "HnsNetwork",
    "HnsEndpoint",
    "HnsNamespace",
    "HnsPolicyList",
    "HnsAnswer",
    ...matching("hns", /^Hns\w+Policy$/),
  ]),
];

/**
 * The documents of one schema of HCS.
 *
 * @param {string} name
 * @param {string[]} definitions those that get a validator
 */
function hcs(name, definitions) {
  const validators = Object.fromEntries(
    definitions.map((definition) => [`validate${definition.replace(/.*#/, "")}`, definition]),
  );
  return { name: `hcs-${name}`, schema: `schemas/hcs/${name}.schema.json`, validators };
}

/** The definitions of a schema of HCS that have such a name. */
function matching(name, pattern) {
  return Object.keys(readSchema(`schemas/hcs/${name}.schema.json`).definitions).filter((key) =>
    pattern.test(key),
  );
}

/** A definition that is used by another schema than its own. */
function ofSystem(definition) {
  return `compute-system#${definition}`;
}

const stamp = inputsStamp();
if (readIfThere(stampFile) !== stamp) {
  rmSync(outFolder, { recursive: true, force: true });
  mkdirSync(outFolder, { recursive: true });
  for (const source of sources) await generate(source);
  writeFileSync(stampFile, stamp);
}

/** @param {typeof sources[number]} source */
async function generate(source) {
  const schema = readSchema(source.schema);
  const banner = `// Generated from ${source.schema} by scripts/generate-schema.js.\n`;
  const write = (extension, text) => writeFileSync(join(outFolder, source.name + extension), banner + text);
  write(".ts", await typesOf(structuredClone(schema)));
  write(".validators.js", validatorsOf(schema, source.validators));
  write(".validators.d.ts", declarationsOf(source));
  const texts = patternTexts(schema);
  if (Object.keys(texts).length > 0) write(".patterns.ts", patternModule(texts));
}

function readSchema(path) {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

async function typesOf(schema) {
  const { compile } = require("json-schema-to-typescript");
  const imports = nameForeignTypes(schema);
  const text = await compile(schema, schema.title, {
    additionalProperties: false,
    bannerComment: "",
    format: false,
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: schema.definitions !== undefined,
  });
  return imports + withoutNoise(text);
}

/** Turns references to other schemas into names of the types made from those. @returns the imports of these */
function nameForeignTypes(schema) {
  const names = new Map();
  visitObjects(schema, (node) => {
    const [, file, type] = /^([\w-]+)\.schema\.json#\/definitions\/(\w+)$/.exec(node.$ref ?? "") ?? [];
    if (type === undefined) return;
    delete node.$ref;
    node.tsType = type;
    names.set(file, (names.get(file) ?? new Set()).add(type));
  });
  const lines = [...names].map(
    ([file, types]) => `import type { ${[...types].join(", ")} } from "./hcs-${file}.ts";\n`,
  );
  return lines.join("");
}

/** Leaves out the generator's remarks on where a type comes from. */
function withoutNoise(text) {
  return text
    .replace(/^ \* This (?:interface|type) was referenced by [^]*?(?=^ \*\/)/gm, "")
    .replace(/^ \* ?\n(?= \*\/)/gm, "")
    .replace(/^\/\*\*\n \*\/\n/gm, "");
}

/**
 * Validators as one ES module without imports. They are made by ajv's class for older drafts, whose code is smaller:
 * the keywords in use mean the same there, and the tests hold the schemas against their own draft.
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
    schemas: [schema, ...foreignSchemas(schema, validators)],
    keywords: annotations,
  });
  const references = Object.entries(validators).map(([name, definition]) => [
    name,
    definition === schema.title ? schema.$id : referenceTo(schema, definition),
  ]);
  const code = standaloneCode(ajv, Object.fromEntries(references));
  if (/\brequire\(|^import /m.test(code))
    throw new Error("Cannot bundle the validators: they import something");
  return code;
}

function referenceTo(schema, definition) {
  const [name, foreign] = definition.split("#");
  if (foreign !== undefined) return new URL(`${name}.schema.json#/definitions/${foreign}`, schema.$id).href;
  return `${schema.$id}#/${schema.definitions === undefined ? "$defs" : "definitions"}/${definition}`;
}

/** The schemas of HCS that another one refers to, without that itself. */
function foreignSchemas(schema, validators) {
  const files = new Set();
  const add = (reference) => {
    const file = /^([\w-]+)(?:\.schema\.json)?#/.exec(reference ?? "")?.[1];
    if (file === undefined || files.has(file)) return;
    files.add(file);
    visitObjects(readSchema(`schemas/hcs/${file}.schema.json`), (node) => add(node.$ref));
  };
  Object.values(validators).forEach(add);
  visitObjects(schema, (node) => add(node.$ref));
  return [...files].map((file) => {
    const { $schema: _, ...foreign } = readSchema(`schemas/hcs/${file}.schema.json`);
    return foreign;
  });
}

function declarationsOf(source) {
  const modules = new Map([["types", source.name]]);
  const lines = Object.entries(source.validators).map(([name, definition]) => {
    const [file, foreign] = definition.split("#");
    if (foreign === undefined) return `export declare const ${name}: ValidateFunction<types.${definition}>;`;
    const alias = file.replaceAll("-", "_");
    modules.set(alias, `hcs-${file}`);
    return `export declare const ${name}: ValidateFunction<${alias}.${foreign}>;`;
  });
  const imports = [...modules].map(([alias, file]) => `import type * as ${alias} from "./${file}.ts";`);
  return ['import type { ValidateFunction } from "../validate-function.ts";', ...imports, ...lines, ""].join(
    "\n",
  );
}

/** A table from each pattern of the schema to the words for what it allows. */
function patternTexts(schema) {
  const texts = {};
  visitObjects(schema, (node) => {
    if (typeof node.pattern === "string") texts[node.pattern] = node["x-allowed"];
  });
  return texts;
}

function visitObjects(value, visit) {
  if (typeof value !== "object" || value === null) return;
  visit(value);
  for (const child of Object.values(value)) visitObjects(child, visit);
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
