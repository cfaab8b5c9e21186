import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const schemaFolder = join(repository, "schemas/oci");
const generated = join(repository, "src/schema/generated");

describe.each(readdirSync(schemaFolder))("%s", (name) => {
  const schema: unknown = JSON.parse(readFileSync(join(schemaFolder, name), "utf8"));

  test("is a schema of draft 2020-12", () => {
    expect(schema).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema" });
    const ajv = new Ajv2020({ allowUnionTypes: true, keywords: ["tsType", "x-allowed"] });
    expect(() => ajv.compile(schema as object)).not.toThrow();
  });

  test("has words for what each of its patterns allows", () => {
    const wordless = objectsIn(schema).filter((node) => "pattern" in node && !("x-allowed" in node));
    expect(wordless).toEqual([]);
  });

  test("puts nothing beside a $ref, which would double the type", () => {
    const crowded = objectsIn(schema).filter((node) => "$ref" in node && Object.keys(node).length > 1);
    expect(crowded).toEqual([]);
  });
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
    for (const name of readdirSync(generated).filter((file) => /^oci-\w+\.ts$/.test(file))) {
      const text = readFileSync(join(generated, name), "utf8");
      const names = Array.from(text.matchAll(/^export (?:type|interface) (\w+)/gm), ([, type = ""]) => type);
      expect(
        names.filter((type) => names.includes(type.replace(/[0-9]+$/, "")) && /[0-9]$/.test(type)),
      ).toEqual([]);
      expect(text).not.toContain(": unknown");
    }
  });
});

function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}
