import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import schema from "../../../schemas/oci/config.schema.json" with { type: "json" };
import { BundleError } from "../../../src/base/errors.ts";
import { stringifyJson } from "../../../src/base/lossless-json.ts";
import { loadBundle } from "../../../src/oci/bundle.ts";
import { configExamples, type DefinitionExamples } from "./config-examples.ts";

let bundle = "";

beforeAll(() => {
  bundle = mkdtempSync(join(tmpdir(), "runhcs-schema-"));
  mkdirSync(join(bundle, "rootfs"));
});

afterAll(() => rmSync(bundle, { recursive: true }));

function baseConfig(platform: "linux" | "windows"): Record<string, unknown> {
  if (platform === "windows") return { ociVersion: "1.2.0", windows: { layerFolders: ["C:\\layer"] } };
  return {
    ociVersion: "1.2.0",
    process: { cwd: "/", args: ["sh"] },
    root: { path: "rootfs" },
    linux: {
      namespaces: [{ type: "user" }, { type: "uts" }],
      seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["read"], action: "SCMP_ACT_ERRNO" }] },
    },
  };
}

/** A valid configuration with `object` at the place of its definition. */
function configWith({ pointer, platform }: DefinitionExamples, object: Record<string, unknown>): unknown {
  const config = baseConfig(platform);
  if (pointer === "") return { ...config, ...object };
  const keys = pointer.split("/").slice(1);
  let parent: Record<string, unknown> = config;
  keys.forEach((key, depth) => {
    const next = keys[depth + 1];
    parent[key] = next === undefined ? object : (parent[key] ?? (/^\d+$/.test(next) ? [] : {}));
    parent = parent[key] as Record<string, unknown>;
  });
  return config;
}

/** The faults that the bundle loader finds in a configuration. */
function faultsOf(config: unknown): { pointer: string; message: string }[] {
  writeFileSync(join(bundle, "config.json"), stringifyJson(config));
  try {
    loadBundle(bundle);
    return [];
  } catch (error) {
    if (error instanceof BundleError) return [...error.faults];
    throw error;
  }
}

interface Definition {
  type?: unknown;
  required?: string[];
  properties?: Record<string, unknown>;
}

const { $defs, ...root } = schema;
const definitions = Object.entries<Definition>({ OciConfig: root, ...$defs }).filter(
  ([, definition]) => definition.properties !== undefined,
);

describe.each(definitions)("%s", (name, definition) => {
  const examples = configExamples[name];

  test("has an accepted and a refused example for each property and no other", () => {
    expect(Object.keys(examples?.properties ?? {}).toSorted()).toEqual(
      Object.keys(definition.properties ?? {}).toSorted(),
    );
  });

  if (examples === undefined) return;

  test.each(Object.entries(examples.properties))("%s accepts its good example", (property, [accepted]) => {
    expect(faultsOf(configWith(examples, { ...examples.minimal, [property]: accepted }))).toEqual([]);
  });

  test.each(Object.entries(examples.properties))(
    "%s refuses its bad example, and tells where",
    (property, [, refused, below = ""]) => {
      const faults = faultsOf(configWith(examples, { ...examples.minimal, [property]: refused }));
      expect(faults.map(({ pointer }) => pointer)).toEqual([`${examples.pointer}/${property}${below}`]);
      expect(faults[0]?.message).toMatch(/^(found .+, .*must|missing, )/);
    },
  );

  if (definition.required === undefined || name === "OciConfig") return;

  test.each(definition.required)("%s is required", (property) => {
    const { [property]: _, ...rest } = examples.minimal;
    expect(faultsOf(configWith(examples, rest))).toEqual([
      { pointer: `${examples.pointer}/${property}`, message: "missing, but required" },
    ]);
  });
});

test("every example belongs to a definition", () => {
  expect(Object.keys(configExamples).toSorted()).toEqual(definitions.map(([name]) => name).toSorted());
});
