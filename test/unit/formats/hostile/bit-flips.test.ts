import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { chosenSeed, randomNumbers, rounds } from "../../../support/soak-rounds.ts";
import { seen } from "../ext4/image-harness.ts";
import { readTar, type EntryWithContent } from "../tar/tar-entries.ts";
import { makeDialects } from "./dialects.ts";
import { useLayers } from "./layer-harness.ts";

const BLOCK_SIZE = 512;
const ROUNDS = rounds(10_000, 500);
/** Bytes from one cut to the next; odd, so that cuts fall everywhere in blocks. */
const STEP = rounds(1, 37);
/** Every so many images that come out are compared with the archive, which takes a mount. */
const COMPARED = 10;

const layers = useLayers();
let dialects = new Map<string, Buffer>();
beforeAll(() => void (dialects = makeDialects()));

const sha256 = (contents: Buffer): string => createHash("sha256").update(contents).digest("hex");

/** Contents that an archive leaves behind: the last under each path, unless a parent has been replaced since. */
function filesOf(found: readonly EntryWithContent[]): Record<string, string> {
  const files = new Map<string, string>();
  for (const { entry, content } of found) {
    if (entry.type === "directory") files.delete(entry.path);
    else
      for (const path of files.keys())
        if (path === entry.path || path.startsWith(`${entry.path}/`)) files.delete(path);
    if (entry.type === "file") files.set(entry.path, sha256(content));
  }
  return Object.fromEntries(files);
}

function expectSameFiles(archive: Buffer): void {
  const files = seen(layers.image);
  const shown = Object.keys(filesOf(readTar(archive))).map((path) => [path, files[path]?.sha256]);
  expect(Object.fromEntries(shown)).toEqual(filesOf(readTar(archive)));
}

test("archives of all dialects become images with the files that they hold", () => {
  expect([...dialects.keys()]).toHaveLength(9);
  for (const [dialect, archive] of dialects) {
    expect({ dialect, error: layers.judge(archive).error }).toEqual({ dialect, error: undefined });
    expectSameFiles(archive);
  }
});

test(`an archive with some of its bits flipped is refused in one line, or its image is clean (${ROUNDS} times)`, () => {
  const random = randomNumbers(chosenSeed());
  const pick = (count: number): number => Math.floor(random() * count);
  const archives = [...dialects.values()];
  const counts = { refused: 0, images: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const archive = Buffer.from(archives[pick(archives.length)] ?? "");
    for (let flips = 1 + pick(4); flips > 0; flips--) flip(archive, pick);
    const { error } = layers.judge(archive, { inlineData: pick(2) === 0, overlay: pick(2) === 0 });
    if (error !== undefined) counts.refused++;
    else if (++counts.images % COMPARED === 0) expectSameFiles(archive);
  }
  console.info(`${counts.refused} refused, ${counts.images} images`);
  // Both outcomes have to come up, or the flips test nothing.
  expect(Math.min(counts.refused, counts.images)).toBeGreaterThan(ROUNDS / 10);
}, 3_600_000);

/** Flips one bit, half of the time in a block that is or precedes a header, whose checksum is then put right. */
function flip(archive: Buffer, pick: (count: number) => number): void {
  const isInHeader = pick(2) === 0;
  const block = isInHeader ? headerIn(archive, pick) : pick(archive.length / BLOCK_SIZE) * BLOCK_SIZE;
  const at = block + pick(BLOCK_SIZE);
  archive[at] = (archive[at] ?? 0) ^ (1 << pick(8));
  if (isInHeader) sign(archive, block);
}

function headerIn(archive: Buffer, pick: (count: number) => number): number {
  for (let tries = 0; tries < 100; tries++) {
    const at = pick(archive.length / BLOCK_SIZE) * BLOCK_SIZE;
    if (/^[0-7 ]{6}$/.test(archive.toString("latin1", at + 148, at + 154))) return at;
  }
  return 0;
}

function sign(archive: Buffer, block: number): void {
  archive.fill(" ", block + 148, block + 156);
  const sum = archive.subarray(block, block + BLOCK_SIZE).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, "0")}\0 `, block + 148, "latin1");
}

test(`an archive cut at any byte (every ${STEP}) is refused in one line, or its image is clean`, () => {
  for (const dialect of ["pax with everything", "oldgnu", "star"]) {
    const archive = dialects.get(dialect) ?? Buffer.alloc(0);
    const found = readTar(archive);
    let complete = 0;
    for (let length = 0; length < archive.length; length += STEP) {
      const { error, entries } = layers.judge(archive.subarray(0, length));
      const expected = found.slice(0, entries.length).map(({ entry }) => entry.path);
      if (entries.some(({ path }, index) => path !== expected[index])) expect(entries).toEqual(expected);
      if (error === undefined) complete++;
    }
    expect(complete).toBeGreaterThan(0);
    expect(complete).toBeLessThan(archive.length / STEP / 2);
  }
}, 600_000);
