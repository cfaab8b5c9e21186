// Feeds layers to the reader and the writer and judges what comes out: one line that says why not, or a clean image.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, expect } from "vitest";
import type { Ext4Options } from "../../../../src/formats/ext4/writer.ts";
import { check, CLEAN } from "../ext4/image-harness.ts";
import { convert, type Outcome } from "./convert.ts";

/** What a refusal or warning looks like: one line of bounded length, without control characters and final period. */
const ONE_LINE = /^[A-Z][^\p{Cc}\p{Zl}\p{Zp}]{1,1500}[^.\p{Cc}]$/u;
/** Where the fault lies, as every refusal tells. */
const OFFSET = /\bbyte \d+\b/;

/** A folder and what can be made of layers in it. */
export interface LayerPlace {
  readonly folder: string;
  /** The image of the layer that was converted last. */
  readonly image: string;
  /** Converts a layer; the image must be clean, or the refusal one line that tells an offset. */
  judge(layer: Buffer, options?: Ext4Options): Outcome;
  /** The same in a process of its own with `megabytes` of heap. */
  judgeApart(layer: Buffer, megabytes: number): { message?: string; entries: number; peak: number };
}

/** Makes a folder for all tests of a file. */
export function useLayers(): LayerPlace {
  const place = { folder: "", image: "" };
  const seen = new Set<string>();
  beforeAll(() => {
    place.folder = mkdtempSync(join(tmpdir(), "runhcs-layer-"));
    place.image = join(place.folder, "image");
  });
  afterAll(() => rmSync(place.folder, { recursive: true }));
  return Object.assign(place, {
    judge(layer: Buffer, options: Ext4Options = {}): Outcome {
      const outcome = convert([layer], place.image, options);
      for (const warning of outcome.warnings) expect(warning).toMatch(ONE_LINE);
      if (outcome.error === undefined) requireClean(place.image, seen);
      else expectRefusal(outcome.error.message);
      return outcome;
    },
    judgeApart(layer: Buffer, megabytes: number): { message?: string; entries: number; peak: number } {
      const program = join(place.folder, "convert.cjs");
      bundle(program);
      const words = [`--max-old-space-size=${megabytes}`, program, place.image];
      const { status, stdout, stderr } = spawnSync(process.execPath, words, {
        input: layer,
        encoding: "utf8",
        timeout: 60_000,
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const told: { message?: string; warnings: string[]; entries: number; peak: number } =
        JSON.parse(stdout);
      for (const warning of told.warnings) expect(warning).toMatch(ONE_LINE);
      if (told.message === undefined) expect(check(place.image)).toEqual(CLEAN);
      else expectRefusal(told.message);
      return told;
    },
  });
}

function expectRefusal(message: string): void {
  expect(message).toMatch(ONE_LINE);
  expect(message).toMatch(OFFSET);
}

/** Many layers differ in nothing that an image shows, so an image is checked once. */
function requireClean(image: string, seen: Set<string>): void {
  const digest = createHash("sha256").update(readFileSync(image)).digest("hex");
  if (seen.has(digest)) return;
  seen.add(digest);
  expect(check(image)).toEqual(CLEAN);
}

function bundle(outfile: string): void {
  const entry = fileURLToPath(new URL("convert-stdin.ts", import.meta.url));
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
}
