import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileEntry } from "../../../../src/formats/file-entry.ts";
import { TarReader } from "../../../../src/formats/tar/tar-reader.ts";
import { TarWriter } from "../../../../src/formats/tar/tar-writer.ts";
import { chunksOf, readTar, tarEntries, writeTar, type EntryWithContent } from "./tar-entries.ts";

const byteNames = fc
  .array(
    fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)),
    { minLength: 1, maxLength: 12 },
  )
  .map((characters) => characters.join(""));
const partNames = fc
  .oneof(byteNames, fc.constantFrom("usr", "bin", "%3D", "...", " x ", "y".repeat(98), "z".repeat(160)))
  .map((name) => name.replaceAll("/", "_"))
  .filter((name) => name !== "." && name !== "..");
const paths = fc.array(partNames, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
const times = fc.oneof(
  fc.constantFrom(
    0n,
    -1n,
    1_500_000_000n,
    8n ** 11n * 1_000_000_000n,
    -1_500_000_000n,
    2n ** 33n * 1_000_000_000n,
  ),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
);
const ids = fc.oneof(
  fc.constantFrom(0, 1000, 2097151, 2097152, 4294967295),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
const bytes = fc.uint8Array({ maxLength: 1500 }).map((values) => Buffer.from(values));
const xattrs = fc
  .array(fc.tuple(byteNames, bytes), { minLength: 1, maxLength: 3 })
  .map((pairs) => new Map(pairs.map(([name, value]) => [`user.${name}`, value])));
const common = fc.record({ path: paths, mode: fc.nat(0o7777), uid: ids, gid: ids, mtime: times });
const extras = fc.record({ atime: times, ctime: times, xattrs }, { requiredKeys: [] });
const devices = fc.record({ major: fc.nat(2097151), minor: fc.nat(2097151) });
const contents = fc.oneof(
  bytes.map((content): [Kind, Buffer] => [{ type: "file", size: content.length }, content]),
  fc
    .oneof(
      fc.constantFrom<Kind>({ type: "directory", size: 0 }, { type: "fifo", size: 0 }),
      paths.map((linkTarget): Kind => ({ type: "hardlink", size: 0, linkTarget })),
      byteNames.map((linkTarget): Kind => ({ type: "symlink", size: 0, linkTarget })),
      devices.map((device): Kind => ({ type: "character", size: 0, device })),
      devices.map((device): Kind => ({ type: "block", size: 0, device })),
    )
    .map((kind): [Kind, Buffer] => [kind, Buffer.alloc(0)]),
);

type Kind = Pick<FileEntry, "type" | "size" | "linkTarget" | "device">;

/** An entry of any kind, and its content. */
const anyEntry = fc
  .tuple(common, extras, contents)
  .map(([one, extra, [kind, content]]): EntryWithContent => ({
    entry: { ...one, ...extra, ...kind },
    content,
    holes: [],
  }));
const anyEntries = fc.array(anyEntry, { maxLength: 6 });

function archiveOf(found: readonly EntryWithContent[]): Buffer {
  return writeTar(found.map(({ entry, content }) => [entry, content]));
}

describe("TarReader gives what TarWriter was given", () => {
  test("for entries of every kind", () => {
    const property = fc.property(anyEntries, (given) => {
      expect(readTar(archiveOf(given))).toEqual(given);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("whatever the chunks that the archive comes in", () => {
    const property = fc.property(anyEntries, fc.integer({ min: 1, max: 1500 }), (given, size) => {
      expect([...tarEntries(chunksOf(archiveOf(given), size))]).toEqual(given);
    });
    fc.assert(property, { numRuns: 60 });
  });
});

test("TarWriter writes what TarReader tells, so that an archive of its own passes unchanged", () => {
  const property = fc.property(anyEntries, (given) => {
    const archive = archiveOf(given);
    const chunks: Buffer[] = [];
    const reader = new TarReader(new TarWriter((chunk) => chunks.push(Buffer.from(chunk))));
    reader.write(archive);
    reader.end();
    expect(Buffer.concat(chunks).equals(archive)).toBe(true);
  });
  fc.assert(property, { numRuns: 60 });
});
