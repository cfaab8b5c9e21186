import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { ByteSource } from "../../../../../src/formats/byte-io.ts";
import { FINDINGS_MAX, findingText } from "../../../../../src/formats/ext4/verify/finding.ts";
import { verifyImage } from "../../../../../src/formats/ext4/verify/verify-image.ts";
import { FormatError } from "../../../../../src/formats/format-error.ts";
import { exportLayer } from "../../../../../src/layers/export-layer.ts";
import { chosenSeed, randomNumbers, rounds } from "../../../../support/soak-rounds.ts";
import { changeMounted, debugfs, makeImage, makeTree, shell, workFolder } from "./foreign-image.ts";

const folder = workFolder();
const image = join(folder, "image");
const tree = join(folder, "tree");

/** Longest that a damaged image of some MiB may take, in milliseconds. */
const TIME_MAX = 10_000;
const SIZE_MAX = 2 ** 28;

/** An image in memory. */
function inMemory(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read(target, position) {
      if (position < 0 || position + target.length > bytes.length)
        throw new FormatError("Cannot read past the end");
      bytes.copy(target, 0, position, position + target.length);
    },
  };
}

/** Exports and verifies; both must end soon, with a fault in one line if any. @returns whether a fault was found */
async function expectOrderly(bytes: Buffer): Promise<boolean> {
  const source = inMemory(bytes);
  const began = performance.now();
  const { findings, more } = verifyImage(source);
  expect(findings.length).toBeLessThanOrEqual(FINDINGS_MAX);
  for (const finding of findings) expect(findingText(finding)).toMatch(/^[^\n]+$/);
  const error = await errorOf(() => exportLayer(source, () => undefined, { maximumSize: SIZE_MAX }));
  if (error !== undefined) {
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(/^[^\n]+$/);
  }
  expect(performance.now() - began).toBeLessThan(TIME_MAX);
  return error !== undefined || findings.length + more > 0;
}

async function errorOf(action: () => unknown): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Places that hold something other than contents, as damage elsewhere says little. */
function usedPlaces(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== 0 && bytes[at] !== 0x55) places.push(at);
  return places;
}

describe("damaged images are told of in one line, and soon:", () => {
  beforeAll(() => {
    makeTree(tree);
    shell(
      `cd "$1" && rm -f all-hole holes dir/many/*[1-9] dir/many/*[1-9]? && 
head -c 30000 /dev/zero | tr '\\0' U > dir/big; head -c 100 dir/big > inline-size`,
      tree,
    );
  });

  test.each([
    ["with checksums", "-b 1024"],
    ["without checksums", "-b 1024 -O ^metadata_csum"],
    ["with old maps of blocks", "-b 1024 -O ^metadata_csum,^extent,^64bit"],
    ["with data in inodes", "-b 1024 -O ^metadata_csum,inline_data"],
    ["with values in inodes", "-b 4096 -O ^metadata_csum,ea_inode"],
  ])(
    "bits flipped, %s",
    async (_, options) => {
      makeImage(image, "3M", `${options} -O ^has_journal,^resize_inode -N 160`, tree);
      const sound = readFileSync(image);
      expect(await expectOrderly(sound)).toBe(false);
      const places = usedPlaces(sound);
      const random = randomNumbers(chosenSeed());
      const pick = (count: number): number => Math.floor(random() * count);
      let found = 0;
      const count = rounds(2000, 100);
      for (let round = 0; round < count; round++) {
        const bytes = Buffer.from(sound);
        for (let flips = 1 + pick(6); flips > 0; flips--) {
          const at = random() < 0.8 ? (places[pick(places.length)] ?? 0) : pick(bytes.length);
          bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
        }
        if (await expectOrderly(bytes)) found++;
      }
      expect(found).toBeGreaterThan(count / 25);
    },
    600_000,
  );

  test("cut at any length", async () => {
    makeImage(image, "3M", "-b 1024 -O ^has_journal -N 160", tree);
    const sound = readFileSync(image);
    const random = randomNumbers(chosenSeed());
    for (let round = 0; round < rounds(300, 30); round++) {
      expect(await expectOrderly(sound.subarray(0, Math.floor(random() * sound.length)))).toBe(true);
    }
  });

  test("every field of the superblock at its extremes", async () => {
    makeImage(image, "1M", "-b 1024 -O ^has_journal,^metadata_csum,^resize_inode");
    const sound = readFileSync(image);
    for (let at = 1024; at < 1024 + 0x280; at += 2) {
      for (const value of [0, 1, 0x7fff, 0xffff]) {
        const bytes = Buffer.from(sound);
        bytes.writeUInt16LE(value, at);
        await expectOrderly(bytes);
      }
    }
  }, 120_000);
});

describe("a hostile image", () => {
  const refusal = async (): Promise<string> => {
    const error = await errorOf(() => exportLayer(inMemory(readFileSync(image)), () => undefined));
    expect(error).toBeInstanceOf(FormatError);
    return error instanceof Error ? error.message : "";
  };
  const inodeOf = (path: string): number =>
    Number(/Inode: (\d+)/.exec(shell('debugfs -R "stat $2" "$1" 2>/dev/null', image, path))?.[1]);

  test("whose directory lies in itself is refused", async () => {
    makeImage(image, "1M", "-b 1024 -O ^metadata_csum,^has_journal");
    changeMounted(image, "mkdir -p a/b");
    debugfs(image, `link <${inodeOf("/a")}> /a/b/again`);
    const inode = inodeOf("/a");
    expect(await refusal()).toBe(`Cannot read the ext4 image: inode ${inode}: the directory has two places`);
    const found = verifyImage(inMemory(readFileSync(image))).findings.map(findingText);
    expect(found).toContainEqual(expect.stringContaining(`"again" is a second name of directory ${inode}`));
  });

  test.each([
    ["..", "xx"],
    [".", "x"],
    ["a/b", "xyz"],
    ["/", "x"],
    ["\0b", "xy"],
  ])("with the name %j is refused", async (name, before) => {
    makeImage(image, "1M", "-b 1024 -O ^metadata_csum,^has_journal");
    changeMounted(image, `mkdir folder; printf 1 > folder/${before}`);
    const bytes = readFileSync(image);
    // The type and the length of the name come before it.
    const entry = Buffer.from([before.length, 1, ...Buffer.from(before), 0]);
    const at = bytes.indexOf(entry) + 2;
    expect(at).toBeGreaterThan(2);
    bytes.write(name, at, "latin1");
    const error = await errorOf(() => exportLayer(inMemory(bytes), () => undefined));
    expect(String(error)).toContain(`is no name`);
    expect(
      verifyImage(inMemory(bytes))
        .findings.map(({ fault }) => fault)
        .join(),
    ).toContain("is no name");
  });

  test("whose tree of extents leads to itself is refused", async () => {
    makeImage(image, "8M", "-b 1024 -O ^metadata_csum,^has_journal");
    changeMounted(
      image,
      `python3 -c 'f = open("f", "wb"); [(f.seek(n * 4096), f.write(b"x")) for n in range(40)]'`,
    );
    const extents = shell('debugfs -R "ex /f" "$1" 2>/dev/null', image);
    const node = Number(/^ 0\/ 1 .*?- +\d+ +(\d+)/m.exec(extents)?.[1]);
    expect(node).toBeGreaterThan(0);
    const bytes = readFileSync(image);
    const at = node * 1024;
    bytes.writeUInt16LE(1, at + 6);
    expect(String(await errorOf(() => exportLayer(inMemory(bytes), () => undefined)))).toContain(
      "has depth 1 instead of 0",
    );
  });

  test("whose file claims the same blocks again and again is refused", async () => {
    makeImage(image, "2M", "-b 1024 -O ^metadata_csum,^has_journal,^extent,^64bit");
    changeMounted(
      image,
      "head -c 5000000 /dev/zero > f || true; truncate -s 1T f 2>/dev/null || truncate -s 1G f",
    );
    const own = inodeOf("/f");
    const first = Number(/\(IND\):(\d+)/.exec(shell('debugfs -R "stat /f" "$1" 2>/dev/null', image))?.[1]);
    expect(first).toBeGreaterThan(0);
    debugfs(image, `set_inode_field /f block[TIND] ${first}`, `set_inode_field /f block[DIND] ${first}`);
    const bytes = readFileSync(image);
    for (let at = first * 1024; at < (first + 1) * 1024; at += 4) bytes.writeUInt32LE(first, at);
    const message = await errorOf(() => exportLayer(inMemory(bytes), () => undefined));
    expect(String(message)).toContain(`inode ${own}: it claims more blocks than there are`);
  });

  test("with a file of many holes is refused before anything of it is written", async () => {
    makeImage(image, "2M", "-b 1024");
    changeMounted(image, "truncate -s 3T f");
    let size = 0;
    const error = await errorOf(() =>
      exportLayer(inMemory(readFileSync(image)), (chunk) => (size += chunk.length)),
    );
    expect(error).toMatchObject({
      message: `Cannot export "f": with its ${3 * 2 ** 40} bytes the archive has more than ${2 ** 40}`,
      hint: expect.any(String),
    });
    expect(size).toBe(0);
  });
});
