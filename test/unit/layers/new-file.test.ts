import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LayerError } from "../../../src/base/errors.ts";
import { makeFile } from "../../../src/layers/new-file.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runhcs-new-file-"));
  path = join(folder, "image");
});
afterEach(() => rmSync(folder, { recursive: true }));

const write =
  (text: string) =>
  (fd: number): string => {
    writeSync(fd, text);
    expect(existsSync(path) ? readFileSync(path, "utf8") : "").not.toBe(text);
    return text;
  };

describe("makeFile", () => {
  test("shows the file once it is whole, and gives what was made of it", async () => {
    expect(await makeFile({ path, force: false }, write("new"))).toBe("new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["image"]);
  });

  test("refuses an existing file before any work, and replaces it if told so", async () => {
    writeFileSync(path, "old");
    const work = makeFile({ path, force: false }, () => expect.unreachable());
    await expect(work).rejects.toThrow(`Cannot make file "${path}": it already exists`);
    expect(await makeFile({ path, force: true }, write("new"))).toBe("new");
    expect(readFileSync(path, "utf8")).toBe("new");
  });

  test("refuses a file that appears during the work, and leaves it as it is", async () => {
    const work = makeFile({ path, force: false }, () => writeFileSync(path, "other"));
    await expect(work).rejects.toMatchObject({ code: "LAYER_EXISTS" });
    expect(readFileSync(path, "utf8")).toBe("other");
    expect(readdirSync(folder)).toEqual(["image"]);
  });

  test.each([false, true])("leaves nothing of work that fails (force: %s)", async (force) => {
    if (force) writeFileSync(path, "old");
    const work = makeFile({ path, force }, (fd) => {
      writeSync(fd, "half");
      throw new Error("broken");
    });
    await expect(work).rejects.toThrow("broken");
    expect(readdirSync(folder)).toEqual(force ? ["image"] : []);
    if (force) expect(readFileSync(path, "utf8")).toBe("old");
  });

  test("replaces a link and not what it leads to", async () => {
    const outside = join(folder, "outside");
    writeFileSync(outside, "kept");
    symlinkSync(outside, path);
    await makeFile({ path, force: true }, write("new"));
    expect(readFileSync(outside, "utf8")).toBe("kept");
    expect(readFileSync(path, "utf8")).toBe("new");
  });

  test("follows no link that waits where its own file would be", async () => {
    const outside = join(folder, "outside");
    symlinkSync(outside, join(folder, `.image.${process.pid}.part`));
    await makeFile({ path, force: false }, write("new"));
    expect(existsSync(outside)).toBe(false);
  });

  test("removes what a killed process has left, and not what a live one works on", async () => {
    writeFileSync(join(folder, ".image.4194305.part"), "");
    writeFileSync(join(folder, ".image.1.part"), "");
    writeFileSync(join(folder, ".image.x.part"), "");
    await makeFile({ path, force: false }, write("new"));
    expect(readdirSync(folder).toSorted()).toEqual([".image.1.part", ".image.x.part", "image"]);
  });

  test("never takes the place of a device or a pipe", async () => {
    execFileSync("mkfifo", [path]);
    for (const force of [false, true]) {
      const work = makeFile({ path, force }, () => expect.unreachable());
      await expect(work).rejects.toThrow(`Cannot make file "${path}": it is a device or a pipe`);
    }
    expect(statSync(path).isFIFO()).toBe(true);
  });

  test("tells of a folder that cannot be written to, not of the clean-up", async () => {
    const none = { path: "/proc/image", force: false };
    await expect(makeFile(none, () => expect.unreachable())).rejects.toThrow(
      /^Cannot make file "\/proc\/image": [a-z ]+$/,
    );
  });

  test("tells in one line what a folder cannot take", async () => {
    mkdirSync(path);
    await expect(makeFile({ path, force: true }, write("x"))).rejects.toThrow(/it is a folder$/);
    const absent = join(folder, "absent", "image");
    const work = makeFile({ path: absent, force: false }, write("x"));
    await expect(work).rejects.toThrow(LayerError);
    await expect(work).rejects.toThrow(/^Cannot make file ".*absent\/image": no such file or directory$/);
  });
});
