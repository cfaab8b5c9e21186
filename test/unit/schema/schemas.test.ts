import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const schemaFolder = join(repository, "schemas");
const keywords = ["tsType", "x-allowed", "x-since", "x-undocumented"];
const draft2020 = "https://json-schema.org/draft/2020-12/schema";
const generated = join(repository, "src/schema/generated");

const schemas = readdirSync(schemaFolder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".json"))
  .map((name): [string, SchemaFile] => [name, JSON.parse(readFileSync(join(schemaFolder, name), "utf8"))]);

interface SchemaFile {
  $schema: string;
  definitions?: Record<string, object>;
}

describe.each(schemas)("%s", (name, schema) => {
  test("is a schema of its draft", () => {
    const draft = name.startsWith("hcs/") ? "http://json-schema.org/draft-07/schema#" : draft2020;
    expect(schema.$schema).toBe(draft);
    const ajv = new (draft === draft2020 ? Ajv2020 : Ajv)({ allowUnionTypes: true, keywords });
    const others = schemas.filter(([other, { $schema }]) => other !== name && $schema === draft);
    for (const [, other] of others) ajv.addSchema(other);
    expect(() => ajv.compile(schema)).not.toThrow();
  });

  test("has words for what each of its patterns allows", () => {
    const wordless = objectsIn(schema).filter((node) => "pattern" in node && !("x-allowed" in node));
    expect(wordless).toEqual([]);
  });

  test("puts nothing beside a $ref, which would double the type", () => {
    const crowded = objectsIn(schema).filter((node) => "$ref" in node && Object.keys(node).length > 1);
    expect(crowded).toEqual([]);
  });

  test("tells versions and sources only of members that it has", () => {
    for (const node of objectsIn(schema)) {
      const { "x-since": since = {}, "x-undocumented": undocumented = [], properties = {} } = node as Notes;
      for (const member of [...Object.keys(since), ...undocumented])
        expect(properties).toHaveProperty(member);
    }
  });
});

interface Notes {
  "x-since"?: object;
  "x-undocumented"?: string[];
  properties?: object;
}

test("documents that HCS parses strictly allow no unknown member", () => {
  for (const [name, { definitions = {}, ...root }] of schemas) {
    if (!/^hcs\/(compute-system|container-config|modify|process)\./.test(name)) continue;
    const open = Object.entries({ root, ...definitions }).filter(
      ([, node]) => "properties" in node && Reflect.get(node, "additionalProperties") !== false,
    );
    expect(open.map(([definition]) => `${name} ${definition}`)).toEqual([]);
  }
});

describe("generate-schema.js", () => {
  const script = join(repository, "scripts/generate-schema.js");

  test("does nothing when nothing has changed", () => {
    execFileSync(process.execPath, [script]);
    const before = readdirSync(generated).map((name) => statSync(join(generated, name)).mtimeMs);
    execFileSync(process.execPath, [script]);
    expect(readdirSync(generated).map((name) => statSync(join(generated, name)).mtimeMs)).toEqual(before);
  });

  test("makes named types without duplicates and without index signatures of unknown", () => {
    for (const name of readdirSync(generated).filter((file) => /^[\w-]+\.ts$/.test(file))) {
      const text = readFileSync(join(generated, name), "utf8");
      const names = Array.from(text.matchAll(/^export (?:type|interface) (\w+)/gm), ([, type = ""]) => type);
      expect(
        names.filter((type) => names.includes(type.replace(/[0-9]+$/, "")) && /[0-9]$/.test(type)),
        name,
      ).toEqual([]);
      if (name.startsWith("oci-")) expect(text).not.toContain(": unknown");
    }
  });
});

function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}
