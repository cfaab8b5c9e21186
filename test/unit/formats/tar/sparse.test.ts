import { describe, expect, test } from "vitest";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { END, header, member, pax, record } from "./tar-blocks.ts";
import { readTar } from "./tar-entries.ts";

const octal = (value: number): string => `${value.toString(8).padStart(11, "0")}\0`;

function read(...blocks: Buffer[]): unknown[] {
  return readTar(Buffer.concat([...blocks, END])).map(({ entry: { path, size }, content, holes }) => ({
    path,
    size,
    holes,
    content: content
      .toString("latin1")
      .replaceAll("\0", ".")
      .replace(/\.+/g, ({ length }) => `<${length}>`),
  }));
}

function refusal(...blocks: Buffer[]): string {
  try {
    read(...blocks);
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
  throw new Error("the archive was read");
}

const expected = [
  {
    path: "s",
    size: 5000,
    holes: [
      [0, 1000],
      [1003, 2997],
      [4002, 998],
    ],
    content: "<1000>abc<2997>de<998>",
  },
  { path: "next", size: 0, holes: [], content: "" },
];
const next = header({ name: "next" });

function oldSparse(pairs: number[][], realSize: number, more: [number, string][] = []): [number, string][] {
  const fields = pairs.flatMap(([offset = 0, length = 0], at): [number, string][] => [
    [386 + at * 24, octal(offset)],
    [398 + at * 24, octal(length)],
  ]);
  return [...fields, [483, octal(realSize)], ...more];
}

function oldFile(more: [number, string][], size: number): Buffer {
  return header({ name: "s", type: "S", magic: "ustar  \0", size, more });
}

const data = Buffer.concat([Buffer.from("abcde"), Buffer.alloc(507)]);

describe("a sparse file", () => {
  test("of the old GNU format", () => {
    const more = oldSparse(
      [
        [1000, 3],
        [4000, 2],
        [5000, 0],
      ],
      5000,
    );
    expect(read(oldFile(more, 5), data, next)).toEqual(expected);
  });

  test("of the old GNU format whose map goes on in further blocks", () => {
    const all = Array.from({ length: 4 + 21 + 5 }, (_, at) => [at * 100, 1]);
    const block = (pairs: number[][], isExtended: boolean): Buffer => {
      const bytes = Buffer.alloc(512);
      for (const [at, [offset = 0, length = 0]] of pairs.entries())
        bytes.write(octal(offset) + octal(length), at * 24, "latin1");
      bytes[504] = isExtended ? 1 : 0;
      return bytes;
    };
    const first = oldFile(oldSparse(all.slice(0, 4), 3000, [[482, "\x01"]]), all.length);
    const content = Buffer.alloc(512, "x", "latin1").fill(0, all.length);
    const [found] = read(first, block(all.slice(4, 25), true), block(all.slice(25), false), content, next);
    expect(found).toMatchObject({ size: 3000, content: "x<99>".repeat(all.length) });
  });

  test("of format 0.0", () => {
    const pairs = [1000, 3, 4000, 2].map((n, at) =>
      record(`GNU.sparse.${at % 2 ? "numbytes" : "offset"}`, String(n)),
    );
    const records = [record("GNU.sparse.size", "5000"), record("GNU.sparse.numblocks", "2"), ...pairs];
    expect(read(member({ type: "x" }, records.join("")), member({ name: "s" }, "abcde"), next)).toEqual(
      expected,
    );
  });

  test("of format 0.1", () => {
    const records = {
      "GNU.sparse.size": "5000",
      "GNU.sparse.map": "1000,3,4000,2",
      "GNU.sparse.name": "./s",
    };
    expect(read(pax(records), member({}, "abcde"), next)).toEqual(expected);
  });

  const version1 = { "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "5000" };
  const file1 = (map: string, content = "abcde"): Buffer[] => {
    const padded = map.padEnd(Math.ceil(map.length / 512) * 512, "\0");
    return [pax({ ...version1, "GNU.sparse.name": "s" }), member({}, padded + content), next];
  };

  test("of format 1.0", () => {
    expect(read(...file1("2\n1000\n3\n4000\n2\n"))).toEqual(expected);
    expect(read(...file1("3\n1000\n3\n4000\n2\n5000\n0\n"))).toEqual(expected);
  });

  test("of format 1.0 whose map takes several blocks", () => {
    const pairs = Array.from({ length: 200 }, (_, at) => `${at * 25}\n1\n`);
    expect(read(...file1(`200\n${pairs.join("")}`, "y".repeat(200)))[0]).toMatchObject({
      size: 5000,
      content: "y<24>".repeat(200),
    });
  });

  test("of nothing but holes", () => {
    const hollow = { path: "s", size: 5000, holes: [[0, 5000]], content: "<5000>" };
    expect(read(oldFile(oldSparse([], 5000), 0))).toEqual([hollow]);
    expect(read(pax({ "GNU.sparse.size": "5000" }), header({ name: "s" }))).toEqual([hollow]);
    expect(read(...file1("0\n", ""))[0]).toEqual(hollow);
  });

  test.each<[string, Buffer[], string]>([
    ["with parts that overlap", file1("2\n1000\n3\n1002\n2\n"), "2 bytes at 1002 after a part up to 1003"],
    [
      "with parts in another order",
      file1("2\n4000\n3\n1000\n2\n"),
      "2 bytes at 1000 after a part up to 4003",
    ],
    ["with a part beyond its end", file1("1\n4998\n5\n"), "reaches byte 5003 of a file of 5000 bytes"],
    ["whose data are not all covered", file1("1\n0\n4\n"), "covers 4 bytes where 5 are stored"],
    ["whose data are not all stored", file1("1\n0\n6\n"), "covers 6 bytes where 5 are stored"],
    ["whose map is no text", file1("1\n0\n-5\n"), "its sparse map has byte 0x2d where a number goes on"],
    ["whose map is too short", file1("5\n0\n5\n"), "its sparse map has byte 0x0 where a number goes on"],
    ["whose map ends with the data", file1(`200\n${"1\n0\n".repeat(127)}`, ""), "longer than what"],
    ["whose numbers are huge", file1(`1\n${"9".repeat(16)}\n5\n`), "beyond 2^52"],
    [
      "of an unknown version",
      [pax({ ...version1, "GNU.sparse.major": "2" }), next],
      'its sparse format "2.0" is not known',
    ],
    [
      "without its size",
      [pax({ "GNU.sparse.map": "0,5" }), member({}, "abcde")],
      "lack the size of the file",
    ],
    ["with a map of an odd count", [pax({ "GNU.sparse.map": "0,5,6" }), next], "GNU.sparse.map record"],
    ["with a length alone", [pax({ "GNU.sparse.numbytes": "5" }), next], "a length without an offset"],
    ["with an offset alone", [pax({ "GNU.sparse.offset": "5" }), next], "lacks the last length"],
    [
      "of the old format with negative lengths",
      [
        oldFile(
          [
            [386, octal(0)],
            [398, "\xff".repeat(12)],
          ],
          0,
        ),
      ],
      "-1 bytes at 0",
    ],
    [
      "of the old format with a negative size",
      [oldFile([[483, "\xff".repeat(12)]], 0)],
      "its real size is -1",
    ],
  ])("%s is refused", (_, blocks, message) => {
    expect(refusal(...blocks)).toContain(message);
  });

  test("with more than a million parts is refused", () => {
    const map = Array.from({ length: 1_000_001 }, (_, at) => `${at * 2}\n1\n`);
    expect(refusal(...file1(`1000001\n${map.join("")}`))).toContain("more than 1000000 parts");
  });
});
