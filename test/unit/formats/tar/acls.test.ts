import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { parseAclText } from "../../../../src/formats/tar/acl-text.ts";
import { TarReader } from "../../../../src/formats/tar/tar-reader.ts";
import { mounted, useImages } from "../ext4/image-harness.ts";
import { END, header, pax, type RawHeader } from "./tar-blocks.ts";
import { Collector, readTar } from "./tar-entries.ts";

const ACCESS = "system.posix_acl_access";
const DEFAULT = "system.posix_acl_default";
const images = useImages();
let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "runhcs-acl-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const run = (program: string, ...words: string[]): string =>
  execFileSync(program, words, { encoding: "utf8", cwd: folder });
/** What getfacl says of each file, ordered by name. */
function aclsOf(top: string): string[] {
  const text = execFileSync("getfacl", ["-nR", "."], { encoding: "utf8", cwd: top });
  return text
    .split("\n\n")
    .filter((one) => !one.startsWith("# file: lost+found"))
    .toSorted();
}

/** Reads one entry after these records. */
function read(
  records: { [key: string]: string },
  raw: RawHeader = {},
): { xattrs: object; warnings: string[] } {
  const warnings: string[] = [];
  const collector = Object.assign(new Collector(), {
    warning: (message: string) => void warnings.push(message),
  });
  const reader = new TarReader(collector);
  reader.write(Buffer.concat([pax(records), header(raw), END]));
  reader.end();
  const xattrs = [...(collector.found[0]?.entry.xattrs ?? [])];
  return { xattrs: Object.fromEntries(xattrs.map(([name, value]) => [name, hex(value)])), warnings };
}

const hex = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString("hex");
const valueOf = (text: string): string => hex(parseAclText(text).value);

describe("access control lists reach the kernel as they were, from archives of", () => {
  test.each([
    ["GNU tar", ["tar", "--acls", "--numeric-owner", "-cf", "a.tar", "-C", "tree", "."]],
    [
      "GNU tar with xattrs",
      ["tar", "--acls", "--xattrs", "--xattrs-include=*", "-cf", "a.tar", "-C", "tree", "."],
    ],
    ["bsdtar", ["bsdtar", "--acls", "--format=pax", "-cf", "a.tar", "-C", "tree", "."]],
  ])("%s", (_, words) => {
    mkdirSync(join(folder, "tree/dir"), { recursive: true });
    for (const name of ["plain", "listed", "dir/inner"]) writeFileSync(join(folder, "tree", name), name);
    run("setfacl", "-m", "u:3000001:r--,u:77:---,g:555:r-x,m::r-x", "tree/listed");
    run("setfacl", "-m", "u:78:rwx,d:u:88:r-x,d:g:99:rw-,d:o::---", "tree/dir");
    run("setfacl", "-m", "u:4711:-wx", "tree/dir/inner");
    const [program = "", ...rest] = words;
    run(program, ...rest);
    const found = readTar(readFileSync(join(folder, "a.tar")));
    const image = images.write(found.map(({ entry, content }) => ({ ...entry, contents: [content] })));
    const acls = mounted(image.path, aclsOf);
    expect(acls).toEqual(aclsOf(join(folder, "tree")));
    expect(acls.join("\n")).toContain("user:4711:-wx");
  });
});

describe("TarReader", () => {
  const list = "user::rw-,user:1:rwx,group::r--,mask::rwx,other::---";

  test("takes numbers from where they are", () => {
    const expected =
      "02000000" +
      "01000600ffffffff" +
      "02000700f6010000" +
      "04000400ffffffff" +
      "10000700ffffffff" +
      "20000000ffffffff";
    const base = "group::r--,mask::rwx,other::---,user::rw-";
    expect(valueOf(`user:502:rwx,${base}`)).toBe(expected);
    expect(valueOf(`user:lisa:rwx:502,${base}`)).toBe(expected);
    expect(valueOf(`user:7:rwx:502,${base}`)).toBe(expected);
    expect(valueOf("u:502:rwx\t#effective:rwx\nu::rw-\ng::r--\nm:rwx\n\no:---\n")).toBe(expected);
  });

  test("says nothing where permission bits say it all", () => {
    expect(read({ "SCHILY.acl.access": "user::rw-\ngroup::r--\nother::r--\n" })).toEqual({
      xattrs: {},
      warnings: [],
    });
  });

  test("leaves out entries by name alone, with a warning", () => {
    const names = "user:li\x1bsa:r--,user:a:r--,user:b:r--,group:c:r--";
    const { xattrs, warnings } = read({ "SCHILY.acl.access": `${names},${list}` });
    expect(xattrs).toEqual({ [ACCESS]: valueOf(list) });
    expect(warnings).toEqual([
      'Left out "user:li\\u001bsa:r--", "user:a:r--", "user:b:r--" and 1 more of the access list of "file": the tar tells no number for the name',
    ]);
  });

  test("needs nobody to listen to warnings", () => {
    const archive = Buffer.concat([pax({ "SCHILY.acl.access": `user:x:r--,${list}` }), header(), END]);
    expect(readTar(archive)[0]?.entry.xattrs?.size).toBe(1);
  });

  test("prefers the attribute itself", () => {
    const records = { "SCHILY.acl.access": list, [`SCHILY.xattr.${ACCESS}`]: "x" };
    expect(read(records).xattrs).toEqual({ [ACCESS]: "78" });
  });

  test("keeps defaults of directories only, and no list of links", () => {
    const records = {
      "SCHILY.acl.access": list,
      "SCHILY.acl.default": `default:${list.replaceAll(",", ",default:")}`,
    };
    expect(read(records).xattrs).toEqual({ [ACCESS]: valueOf(list) });
    expect(read(records, { type: "5" }).xattrs).toEqual({
      [ACCESS]: valueOf(list),
      [DEFAULT]: valueOf(list),
    });
    for (const type of ["1", "2"]) expect(read(records, { type, linkTarget: "x" }).xattrs).toEqual({});
  });

  test("holds a list of a global header for one entry no longer than its own", () => {
    const own = list.replace("user:1:", "user:2:");
    const archive = [
      pax({ "SCHILY.acl.access": list }, "g"),
      pax({ "SCHILY.acl.access": own }),
      header(),
      header(),
      END,
    ];
    const found = readTar(Buffer.concat(archive)).map(({ entry }) => hex(entry.xattrs?.get(ACCESS)));
    expect(found).toEqual([valueOf(own), valueOf(list)]);
  });

  test.each([
    ["nothing", ",", "lacks the owner, the group or the others"],
    ["another word", `user::rw-,owner::rw-,${list}`, 'has the entry "owner::rw-", which is malformed'],
    ["other letters", `user:5:rwq,${list}`, 'has the entry "user:5:rwq", which is malformed'],
    ["no letters", `user:5,${list}`, "which is malformed"],
    ["a fifth field", `user:5:rwx:5:5,${list}`, "which is malformed"],
    ["a mask for somebody", `mask:5:rwx,${list}`, "which is malformed"],
    ["a number of 33 bits", `user:4294967296:rwx,${list}`, "which is malformed"],
    ["the number of nobody", `user:4294967295:rwx,${list}`, "which is malformed"],
    ["two owners", `user::rwx,${list}`, "names somebody twice"],
    ["one user twice", `user:1:r--,${list}`, "names somebody twice"],
    ["no mask", list.replace(",mask::rwx", ""), "names somebody and lacks a mask"],
    ["no others", list.replace(",other::---", ""), "lacks the owner"],
  ])("refuses a list of %s", (_, text, fault) => {
    expect(() => read({ "SCHILY.acl.access": text })).toThrow(FormatError);
    expect(() => read({ "SCHILY.acl.access": text })).toThrow(
      'Cannot read the tar: entry "file" at byte 1024: its access control list ',
    );
    expect(() => read({ "SCHILY.acl.access": text })).toThrow(fault);
  });
});
