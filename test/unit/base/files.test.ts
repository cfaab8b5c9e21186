import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ifExists, makeFolder, readTextIfExists, writeFileAtomically } from "../../../src/base/files.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "runhcs-files-"));
  path = join(folder, "file");
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function modeOf(name: string): number {
  return fs.statSync(name).mode & 0o777;
}

describe("writeFileAtomically", () => {
  test("makes a file that only its owner can read", () => {
    writeFileAtomically(path, "text");
    expect(fs.readFileSync(path, "utf8")).toBe("text");
    expect(modeOf(path)).toBe(0o600);
  });

  test("gives the file the mode asked for", () => {
    writeFileAtomically(path, "text", 0o644);
    expect(modeOf(path)).toBe(0o644);
  });

  test("replaces a file by another one, so that who has the old one open keeps all of it", () => {
    fs.writeFileSync(path, "the old and longer text");
    const fd = fs.openSync(path, "r");
    writeFileAtomically(path, "new");
    expect(fs.readFileSync(fd, "utf8")).toBe("the old and longer text");
    expect(fs.readFileSync(path, "utf8")).toBe("new");
    fs.closeSync(fd);
  });

  test("replaces a symbolic link and leaves its target alone", () => {
    const target = join(folder, "target");
    fs.writeFileSync(target, "precious");
    fs.symlinkSync(target, path);
    writeFileAtomically(path, "new");
    expect(fs.readFileSync(target, "utf8")).toBe("precious");
    expect(fs.lstatSync(path).isSymbolicLink()).toBe(false);
    expect(fs.readFileSync(path, "utf8")).toBe("new");
  });

  test("leaves the old file and nothing else when it fails at the end", () => {
    fs.mkdirSync(path);
    fs.writeFileSync(join(path, "inside"), "precious");
    expect(() => writeFileAtomically(path, "new")).toThrow(/^(EISDIR|ENOTEMPTY|EEXIST)/);
    expect(fs.readdirSync(folder)).toEqual(["file"]);
    expect(fs.readFileSync(join(path, "inside"), "utf8")).toBe("precious");
  });

  test("fails in a folder that does not exist", () => {
    expect(() => writeFileAtomically(join(folder, "absent/file"), "new")).toThrow(/^ENOENT/);
  });

  test("never shows a reader a part of the text", async () => {
    const texts = ["a".repeat(200_000), "b".repeat(100_000)];
    writeFileAtomically(path, texts[0] ?? "");
    const reads = Array.from({ length: 50 }, async () => fs.promises.readFile(path, "utf8"));
    for (let round = 1; round < 10; round++) {
      writeFileAtomically(path, texts[round % 2] ?? "");
      reads.push(fs.promises.readFile(path, "utf8"));
      await new Promise(setImmediate);
    }
    for (const text of await Promise.all(reads)) expect(texts.includes(text)).toBe(true);
  });

  test("is not kept from writing by what a crash of this process's forerunner left", () => {
    fs.writeFileSync(join(folder, `.file.${process.pid}`), "half of the te");
    writeFileAtomically(path, "new");
    expect(fs.readFileSync(path, "utf8")).toBe("new");
    expect(fs.readdirSync(folder)).toEqual(["file"]);
  });

  test("does not write through a link that someone put in the place of its temporary file", () => {
    const target = join(folder, "target");
    fs.writeFileSync(target, "precious");
    fs.symlinkSync(target, join(folder, `.file.${process.pid}`));
    writeFileAtomically(path, "new");
    expect(fs.readFileSync(target, "utf8")).toBe("precious");
  });
});

describe("makeFolder", () => {
  test("makes a folder that only its owner can enter", () => {
    expect(makeFolder(path)).toBe(true);
    expect(modeOf(path)).toBe(0o700);
  });

  test.each(["folder", "file", "dangling link"])("tells that there is a %s already", (kind) => {
    if (kind === "folder") fs.mkdirSync(path);
    else if (kind === "file") fs.writeFileSync(path, "");
    else fs.symlinkSync("absent", path);
    expect(makeFolder(path)).toBe(false);
  });

  test("makes no parents", () => {
    expect(() => makeFolder(join(folder, "absent/file"))).toThrow(/^ENOENT/);
  });
});

describe("readTextIfExists", () => {
  test("reads a file", () => {
    fs.writeFileSync(path, "é\n");
    expect(readTextIfExists(path)).toBe("é\n");
  });

  test("gives undefined for an absent file, and for one below a file", () => {
    expect(readTextIfExists(path)).toBeUndefined();
    fs.writeFileSync(path, "");
    expect(readTextIfExists(join(path, "below"))).toBeUndefined();
  });

  test("fails on a folder", () => {
    expect(() => readTextIfExists(folder)).toThrow(/^EISDIR/);
  });
});

test("ifExists passes on what has nothing to do with absence", () => {
  expect(() =>
    ifExists(() => {
      throw new TypeError("a bug");
    }),
  ).toThrow("a bug");
});
