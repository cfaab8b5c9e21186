import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BundleError } from "../../../src/base/errors.ts";
import { stringifyJson } from "../../../src/base/lossless-json.ts";
import { loadBundle } from "../../../src/oci/bundle.ts";
import { defaultSpec } from "../../../src/oci/default-spec.ts";
import { configExamples } from "../schema/config-examples.ts";
import { makeBundle, writeConfig } from "./bundle-folder.ts";
import { containerdConfig, dockerConfig, lcowConfig, podmanConfig, windowsConfig } from "./engine-configs.ts";

const bundle = makeBundle();
const realConfigs: object[] = [
  defaultSpec({ rootless: false }),
  defaultSpec({ rootless: true }),
  podmanConfig,
  dockerConfig,
  containerdConfig,
  windowsConfig,
  lcowConfig,
];

/** A bundle, or an error of one line without a character that disturbs a terminal. */
function expectBundleOrLine(content: unknown): void {
  writeConfig(bundle, content);
  try {
    expect(loadBundle(bundle).config).toBeTypeOf("object");
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    expect(error.code).toBe("BUNDLE_INVALID");
    expect(error.faults.length).toBeGreaterThan(0);
    expect(error.message).toMatch(/^Cannot load bundle "[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
  }
}

const names = Object.values(configExamples).flatMap(({ properties }) => Object.keys(properties));
const examples = Object.values(configExamples).flatMap(({ properties }) => Object.values(properties).flat());
const oddValues = fc.oneof(
  fc.constantFrom(null, "", "\n", "../..", -1, 1.5, 2 ** 53, 18446744073709551616n, [], {}, [null], {
    "": null,
  }),
  fc.constantFrom(...examples),
  fc.string({ unit: "binary", maxLength: 80 }),
);

/** JSON whose keys are those of configurations. */
const randomConfig = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    oddValues,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 3 })), tie("value"), {
      maxKeys: 5,
    }),
  ),
})).value;

/** A real configuration with one of its values replaced. */
const brokenConfig = fc
  .tuple(fc.constantFrom(...realConfigs), fc.nat(), oddValues)
  .map(([config, choice, odd]) => {
    const copy = structuredClone(config);
    const places = placesIn(copy);
    const place = places[choice % places.length];
    if (place !== undefined) Reflect.set(place.parent, place.key, odd);
    return copy;
  });

function placesIn(parent: object): { parent: object; key: string }[] {
  return Object.entries(parent).flatMap(([key, child]) => [
    { parent, key },
    ...(typeof child === "object" && child !== null ? placesIn(child) : []),
  ]);
}

test("random bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectBundleOrLine));
});

test("random JSON", () => {
  fc.assert(
    fc.property(
      randomConfig.map((value) => stringifyJson(value)),
      expectBundleOrLine,
    ),
    { numRuns: 300 },
  );
});

test("real configurations with a value replaced", () => {
  fc.assert(fc.property(brokenConfig, expectBundleOrLine), { numRuns: 500 });
});

test("real configurations cut short", () => {
  const cut = fc
    .tuple(fc.constantFrom(...realConfigs), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([config, part]) =>
      stringifyJson(config, 1)
        .slice(0, -1)
        .slice(0, Math.floor(stringifyJson(config, 1).length * part)),
    );
  fc.assert(fc.property(cut, expectBundleOrLine));
});

test("deep nesting", () => {
  const deep = fc
    .tuple(
      fc.constantFrom("[", '{"linux":', '[{"a":'),
      fc.constantFrom("", "1", '"'),
      fc.integer({ min: 500, max: 20_000 }),
    )
    .map(([opening, end, count]) => `{"ociVersion": "1.0.0", "process": ${opening.repeat(count)}${end}`);
  fc.assert(fc.property(deep, expectBundleOrLine), { numRuns: 30 });
});
