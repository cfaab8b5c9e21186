import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, CLEAN, entryOf, seen, useImages, type SeenFile, type TestEntry } from "./image-harness.ts";

const images = useImages();
const bytes = (length: number, fill: number): Buffer => Buffer.alloc(length, fill);
const sha256 = (contents: Buffer): string => createHash("sha256").update(contents).digest("hex");

describe("a later entry takes the place of", () => {
  test("a file, whose blocks are used again", () => {
    const big = bytes(10 * 1024 * 1024, 1);
    const repeated = Array.from({ length: 20 }, () => entryOf("file", { contents: [big] }));
    const image = images.write([...repeated, entryOf("file", { contents: [bytes(5, 2)] })]);
    expect(check(image.path)).toEqual(CLEAN);
    expect(image.size).toBeLessThan(3 * big.length);
    expect(seen(image.path)["file"]?.sha256).toBe(sha256(bytes(5, 2)));
  });

  test("a fragmented file with attributes and a long symlink", () => {
    const fragments = Array.from({ length: 800 }, (_, index) =>
      index % 2 === 0 ? bytes(4096, index) : 4096,
    );
    const xattrs = new Map([["user.big", bytes(3000, 3)]]);
    const image = images.write([
      entryOf("a", { contents: fragments, xattrs }),
      entryOf("b", { type: "symlink", linkTarget: "t".repeat(300), xattrs }),
      entryOf("a"),
      entryOf("b"),
      entryOf("c", { contents: [bytes(5_000_000, 4)] }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    expect(seen(image.path)["c"]?.sha256).toBe(sha256(bytes(5_000_000, 4)));
  });

  test("one name of a file that has others", () => {
    const image = images.write([
      entryOf("a", { contents: [bytes(10, 1)] }),
      entryOf("b", { type: "hardlink", linkTarget: "a" }),
      entryOf("a", { contents: [bytes(20, 2)] }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(files["a"]).toMatchObject({ size: 20, links: 1 });
    expect(files["b"]).toMatchObject({ size: 10, links: 1 });
  });

  test("a directory with all that is in it, even the file that it links to", () => {
    const image = images.write([
      entryOf("d/e/f", { contents: [bytes(5000, 1)] }),
      entryOf("d/g"),
      entryOf("d", { type: "hardlink", linkTarget: "d/e/f" }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(Object.keys(files)).toEqual(["", "lost+found", "d"]);
    expect(files["d"]).toMatchObject({ size: 5000, links: 1 });
  });

  test("a directory's attributes alone, if it is one itself", () => {
    const image = images.write([
      entryOf("d", { type: "directory", xattrs: new Map([["user.old", bytes(1, 1)]]) }),
      entryOf("d/f"),
      entryOf("d", { type: "directory", mode: 0o700, uid: 5, xattrs: new Map([["user.new", bytes(1, 1)]]) }),
      entryOf("", { type: "directory", mode: 0o711 }),
    ]);
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(files["d"]).toMatchObject({ mode: 0o40700, uid: 5, xattrs: { "user.new": "01" } });
    expect(files["d/f"]).toBeDefined();
    expect(files[""]?.mode).toBe(0o40711);
  });

  test("a file, if it is a directory", () => {
    const image = images.write([entryOf("d"), entryOf("d", { type: "directory" }), entryOf("d/f")]);
    expect(check(image.path)).toEqual(CLEAN);
    expect(seen(image.path)["d"]?.mode).toBe(0o40644);
  });
});

describe("whiteouts", () => {
  const OPAQUE = { "trusted.overlay.opaque": "79" };
  const layer = [
    entryOf("a/.wh.gone"),
    entryOf("a/hidden/.wh..wh..opq"),
    entryOf("kept"),
    entryOf(".wh.kept"),
    entryOf("replaced/x"),
    entryOf(".wh.replaced"),
    entryOf("b/.wh.again"),
    entryOf("b/again/y"),
    entryOf(".wh..wh.plnk/1.2", { contents: [bytes(3, 3)] }),
    entryOf(".wh.lost+found"),
  ];

  test("become what an overlay knows", () => {
    const image = images.write(layer, { overlay: true });
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(files["a/gone"]).toMatchObject({ mode: 0o20000, device: [0, 0], size: 0 });
    expect(files["a/hidden"]).toMatchObject({ mode: 0o40755, xattrs: OPAQUE });
    expect(files["kept"]?.mode).toBe(0o100644);
    for (const name of ["replaced", "b/again", "lost+found"]) expect(files[name]?.xattrs).toEqual(OPAQUE);
    expect(Object.keys(files)).toHaveLength(11);
  });

  test("keep what a later entry says of an opaque directory, which stays opaque", () => {
    const xattrs = new Map([["user.a", bytes(1, 9)]]);
    const image = images.write(
      [entryOf("d/.wh..wh..opq"), entryOf("d", { type: "directory", xattrs }), entryOf(".wh..wh..opq")],
      { overlay: true },
    );
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    expect(files["d"]?.xattrs).toEqual({ ...OPAQUE, "user.a": "09" });
    expect(files[""]?.xattrs).toEqual(OPAQUE);
  });

  test("stay files if no overlay is wanted", () => {
    const image = images.write(layer);
    expect(check(image.path)).toEqual(CLEAN);
    const files = seen(image.path);
    for (const { path } of layer) expect(files[path]?.mode).toBe(0o100644);
  });
});

/** Files of a model that knows nothing of images; hard links share one object. */
type Model = Map<string, TestEntry>;

/** Tells what a file system would hold after an entry, or false if the entry cannot be stored. */
function apply(model: Model, entry: TestEntry): boolean {
  const parts = entry.path.split("/");
  for (let depth = 1; depth < parts.length; depth++) {
    const parent = model.get(parts.slice(0, depth).join("/"));
    if (parent !== undefined && parent.type !== "directory") return false;
  }
  const before = model.get(entry.path);
  const target = model.get(entry.linkTarget ?? "");
  if (entry.type === "hardlink") {
    if (target === undefined || target.type === "directory") return false;
    if (target === before) return true;
  }
  for (let depth = 1; depth < parts.length; depth++) {
    const path = parts.slice(0, depth).join("/");
    if (!model.has(path)) {
      model.set(path, entryOf(path, { type: "directory", mode: 0o755, mtime: entry.mtime }));
    }
  }
  if (before !== undefined && (before.type !== "directory" || entry.type !== "directory")) {
    for (const path of model.keys()) if (`${path}/`.startsWith(`${entry.path}/`)) model.delete(path);
  }
  model.set(entry.path, entry.type === "hardlink" && target !== undefined ? target : entry);
  return true;
}

const MODES = { file: 0o100000, directory: 0o40000, symlink: 0o120000, fifo: 0o10000 } as const;

function expectedOf(model: Model, entry: TestEntry): Partial<SeenFile> {
  const contents = Buffer.concat(
    (entry.contents ?? []).map((part) => (typeof part === "number" ? bytes(part, 0) : part)),
  );
  const isFile = entry.type === "file";
  const bits = Object.entries(MODES).find(([type]) => type === entry.type)?.[1] ?? 0;
  const names = [...model.values()].filter((other) => other === entry).length;
  return {
    mode: bits | entry.mode,
    uid: entry.uid,
    mtime: String(entry.mtime),
    target: entry.type === "symlink" ? (entry.linkTarget ?? "") : "",
    sha256: isFile ? sha256(contents) : "",
    xattrs: Object.fromEntries(
      [...(entry.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString("hex")]),
    ),
    ...(entry.type === "directory" ? {} : { links: names }),
  };
}

const name = fc.constantFrom("a", "b", "\xe9\x01", "n".repeat(255));
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const length = fc.constantFrom(0, 1, 100, 4095, 4096, 4097, 20_000, 300_000);
const part = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(length, fc.nat(255)).map(([size, fill]) => bytes(size, fill)) },
  { weight: 1, arbitrary: length },
);
const xattr = fc.tuple(
  fc.constantFrom("user.a", "user.b", "trusted.c", "security.d", `user.${"x".repeat(100)}`),
  fc.uint8Array({ maxLength: 700 }),
);
const entry = fc
  .record({
    path,
    type: fc.constantFrom("file", "file", "file", "directory", "symlink", "hardlink", "fifo"),
    mode: fc.nat(0o777),
    uid: fc.nat(0xfffffffe),
    mtime: fc.bigInt({ min: -(2n ** 31n) * 10n ** 9n, max: 2n ** 33n * 10n ** 9n }),
    linkTarget: path,
    contents: fc.array(part, { maxLength: 12 }),
    xattrs: fc.array(xattr, { maxLength: 3 }).map((pairs) => new Map(pairs)),
  })
  .map(({ type, contents, xattrs, ...rest }) => {
    // Neither symlinks nor fifos may have attributes of users.
    const kept = type === "file" || type === "directory" ? { xattrs } : {};
    return entryOf(rest.path, { type, ...rest, ...kept, ...(type === "file" ? { contents } : {}) });
  });

const RUNS = process.env["RUNHCS_SOAK"] === undefined ? 10 : 300;

test(
  "any sequence of entries gives a clean image with what a file system would hold",
  { timeout: 600_000 },
  () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), (entries) => {
        const model: Model = new Map();
        const storable = entries.filter((each) => apply(model, each));
        const image = images.write(storable);
        expect(check(image.path)).toEqual(CLEAN);
        const files = seen(image.path);
        expect(Object.keys(files).toSorted()).toEqual(["", "lost+found", ...model.keys()].toSorted());
        for (const [file, node] of model) expect(files[file]).toMatchObject(expectedOf(model, node));
      }),
      { numRuns: RUNS },
    );
  },
);
