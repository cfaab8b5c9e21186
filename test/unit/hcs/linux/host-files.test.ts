import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openHostFiles } from "../../../../src/hcs/linux/host-files.ts";

const files = openHostFiles();
let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "runhcs-files-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe("what is absent is a value:", () => {
  test.each([
    ["the text of a file", () => files.readText(join(folder, "a")), undefined],
    ["the text of a file below a file", () => files.readText("/proc/version/a"), undefined],
    ["a file to look at", () => files.lookAtFile(join(folder, "a")), undefined],
    ["a file to execute", () => files.isAllowed(join(folder, "a"), "execute"), false],
    ["names in a folder", () => files.list(join(folder, "a")), []],
    ["folders in a folder", () => files.listFolders(join(folder, "a")), []],
    ["a folder to remove", () => files.removeEmptyFolder(join(folder, "a")), undefined],
    ["a file to remove", () => files.remove(join(folder, "a")), undefined],
  ])("%s", async (_, ask, answer) => {
    expect(await ask()).toEqual(answer);
  });
});

test("a look tells what a file is, and of a link where it leads instead of what is there", async () => {
  fs.writeFileSync(join(folder, "file"), "", { mode: 0o640 });
  fs.symlinkSync("file", join(folder, "link"));
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  const look = { type: "file", mode: 0o100640, uid, gid, size: 0 };
  expect(await files.lookAtFile(join(folder, "file"))).toEqual(look);
  expect(await files.lookAtFile(join(folder, "link"))).toMatchObject({ type: "link", target: "file" });
  expect(await files.lookAtFile(folder)).toMatchObject({ type: "folder" });
  expect(await files.lookAtFile("/dev/null")).toMatchObject({ type: "other" });
});

test("folders are listed without files and links", async () => {
  fs.mkdirSync(join(folder, "inner"));
  fs.writeFileSync(join(folder, "file"), "");
  fs.symlinkSync("inner", join(folder, "link"));
  expect(await files.listFolders(folder)).toEqual(["inner"]);
});

test("a refusal is the system's error, and nothing is lost", async () => {
  fs.writeFileSync(join(folder, "file"), "precious");
  await expect(files.removeEmptyFolder(folder)).rejects.toMatchObject({ code: "ENOTEMPTY" });
  await expect(files.readText(folder)).rejects.toMatchObject({ code: "EISDIR" });
  expect(fs.readFileSync(join(folder, "file"), "utf8")).toBe("precious");
});

test("a folder is made once, for its owner alone", async () => {
  expect(await files.makeFolder(join(folder, "a/b"))).toBe(true);
  expect(await files.makeFolder(join(folder, "a/b"))).toBe(false);
  expect(fs.statSync(join(folder, "a")).mode & 0o777).toBe(0o700);
});
