import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inlineCapacity } from "../../../../src/formats/ext4/inline-data.ts";
import { Ext4Writer } from "../../../../src/formats/ext4/writer.ts";
import { chosenSeed, rounds } from "../../../support/soak-rounds.ts";
import { check, CLEAN, entryOf, feed, seen, useImages, type TestEntry } from "./image-harness.ts";

const images = useImages();
const sha256 = (contents: Buffer): string => createHash("sha256").update(contents).digest("hex");
const text = (length: number): Buffer => Buffer.from("0123456789abcdef".repeat(400)).subarray(0, length);
const INLINE = { inlineData: true };
/** What Linux tells of contents in an inode, so that programs do not take the file for a hole. */
const NO_BLOCKS = 1;

function featuresOf(image: string): string {
  const dump = execFileSync("dumpe2fs", ["-h", image], { encoding: "utf8", stdio: "pipe" });
  return /Filesystem features:(.*)/.exec(dump)?.[1] ?? "";
}

function xattrsOf(size: number): { xattrs: Map<string, Uint8Array> } {
  return { xattrs: new Map([["user.a", Buffer.alloc(size, 7)]]) };
}

describe("with inlineData", () => {
  test("files of up to 128 bytes take no blocks and read the same", () => {
    const sizes = [0, 1, 59, 60, 61, 127, 128, 129, 4096];
    const image = images.write(
      sizes.map((size) => entryOf(`f${size}`, { contents: [text(size)] })),
      INLINE,
    );
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    for (const size of sizes) {
      const blocks = size > 128 ? 8 : Math.min(size, NO_BLOCKS);
      expect(files[`f${size}`]).toMatchObject({ size, blocks, sha256: sha256(text(size)) });
    }
    expect(featuresOf(image.path)).toContain("inline_data");
  });

  test.each([
    [4, 128 - 24, 0],
    [64, 0, 0],
    [200, 128, 8],
  ])("an attribute of %d bytes keeps its place", (attribute, most, xattrBlocks) => {
    const capacity = inlineCapacity(xattrsOf(attribute).xattrs);
    expect(capacity).toBe(most);
    const sizes = [1, 60, 128, ...(capacity > 0 ? [capacity, capacity + 1] : [])];
    const image = images.write(
      sizes.map((size) => entryOf(`f${size}`, { contents: [text(size)], ...xattrsOf(attribute) })),
      INLINE,
    );
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    for (const size of sizes) {
      expect(files[`f${size}`]).toMatchObject({
        size,
        blocks: (size > capacity ? 8 : NO_BLOCKS) + xattrBlocks,
        sha256: sha256(text(size)),
        xattrs: { "user.a": Buffer.alloc(attribute, 7).toString("hex") },
      });
    }
  });

  test("holes in a small file are zeros", () => {
    const image = images.write([entryOf("f", { contents: [50, text(20), 30] })], INLINE);
    const expected = Buffer.concat([Buffer.alloc(50), text(20), Buffer.alloc(30)]);
    expect(check(image.path)).toEqual(CLEAN);
    expect(seen(image.path)["f"]).toMatchObject({ size: 100, blocks: NO_BLOCKS, sha256: sha256(expected) });
  });

  test("small directories take no blocks, and list and find all that is in them", () => {
    const named = (folder: string, lengths: number[]): TestEntry[] => [
      entryOf(folder, { type: "directory" }),
      ...lengths.map((length, index) => entryOf(`${folder}/${String(index).padEnd(length, "n")}`)),
    ];
    const entries = [
      ...named("empty", []),
      ...named("one", [48]),
      ...named("split", [40, 40, 4]),
      ...named("behind", [49]),
      ...named("longest", [60]),
      ...named("large", [61]),
      ...named("full", [4, 4, 4, 4, 8, 8, 8, 4]),
      ...named("over", [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4]),
      entryOf("a/b/c/d"),
      entryOf("opaque/x"),
      entryOf("opaque/.wh..wh..opq"),
    ];
    const image = images.write(entries, { ...INLINE, overlay: true });
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    const made = ["", "lost+found", "a", "a/b", "a/b/c", "opaque"];
    const given = entries.map(({ path }) => path).filter((path) => !path.includes(".wh."));
    expect(Object.keys(files).toSorted()).toEqual([...given, ...made].toSorted());
    const blocks = Object.entries(files).filter(([, file]) => file.blocks > NO_BLOCKS);
    expect(blocks.map(([path]) => path).toSorted()).toEqual(["", "large", "lost+found", "over"]);
    expect(files["a/b/c"]).toMatchObject({ links: 2, blocks: 0 });
    expect(files["a/b"]).toMatchObject({ links: 3 });
    expect(files["opaque"]?.xattrs).toEqual({ "trusted.overlay.opaque": "79" });
  });

  test("files that others replace, link to and follow are kept apart", () => {
    const image = images.write(
      [
        entryOf("a", { contents: [text(100)], ...xattrsOf(200) }),
        entryOf("b", { type: "hardlink", linkTarget: "a" }),
        entryOf("a", { contents: [text(5000)] }),
        entryOf("c", { contents: [text(50)] }),
        entryOf("c", { contents: [text(30)] }),
      ],
      INLINE,
    );
    expect(check(image.path)).toEqual(CLEAN);
    expect(seen(image.path)).toMatchObject({
      a: { size: 5000, links: 1 },
      b: { size: 100, links: 1, blocks: 8 + NO_BLOCKS, sha256: sha256(text(100)) },
      c: { size: 30, blocks: NO_BLOCKS, sha256: sha256(text(30)) },
    });
  });

  test.each([10, 200])(
    "contents that are not as long as announced are a fault of the caller (%d)",
    (size) => {
      const writer = new Ext4Writer({ write: () => undefined }, INLINE);
      writer.entry(entryOf("f", { size: 100 }));
      writer.data(text(size));
      expect(() => writer.finish()).toThrow(`"f" has ${size} bytes of contents, not 100`);
    },
  );

  test("a damaged attribute is refused with the entry's name", () => {
    const writer = new Ext4Writer({ write: () => undefined }, INLINE);
    const xattrs = new Map([["system.posix_acl_access", Buffer.alloc(5)]]);
    expect(() => feed(writer, [entryOf("f", { contents: [text(5)], xattrs })])).toThrow(
      'Cannot store "f": a POSIX ACL is damaged',
    );
  });
});

const names = fc.string({ unit: fc.constantFrom("a", "b", "c", "\xff", " "), minLength: 1, maxLength: 70 });
const files = fc.uniqueArray(
  fc.record({
    folder: fc.constantFrom("", "d/", "d/e/", "g/"),
    name: names,
    size: fc.oneof(fc.nat(140), fc.nat(5000)),
    attribute: fc.option(fc.nat(120)),
  }),
  { selector: ({ folder, name }) => folder + name, maxLength: 12 },
);

test("images with and without inlineData show the same", () => {
  const property = fc.property(files, (all) => {
    const entries = all
      .filter(({ name }) => !["d", "e", "g"].includes(name))
      .map(({ folder, name, size, attribute }) =>
        entryOf(folder + name, {
          contents: [text(size % 300), Buffer.alloc(Math.max(0, size - (size % 300)), 1)],
          ...(attribute === null ? {} : xattrsOf(attribute)),
        }),
      );
    const [plain, inline] = [images.write(entries), images.write(entries, INLINE)];
    expect(check(inline.path)).toEqual(CLEAN);
    const strip = (image: string): unknown =>
      Object.fromEntries(Object.entries(seen(image)).map(([path, { blocks: _, ...file }]) => [path, file]));
    expect(strip(inline.path)).toEqual(strip(plain.path));
    expect(inline.size).toBeLessThanOrEqual(plain.size);
  });
  fc.assert(property, { numRuns: rounds(120, 6), seed: chosenSeed() });
}, 600_000);

test("without inlineData nothing is inline", () => {
  const image = images.write([entryOf("a/b", { contents: [text(5)] })]);
  expect(featuresOf(image.path)).not.toContain("inline_data");
  expect(readFileSync(image.path).includes("0123401234")).toBe(false);
  expect(seen(image.path)["a/b"]?.blocks).toBe(8);
});
