// Small archives of every dialect, by the programs that write them.
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { END, header, member, pax } from "../tar/tar-blocks.ts";

/** How each dialect is written of the folder `tree`, without the name of the file. */
const PROGRAMS: Record<string, string[]> = {
  v7: ["tar", "--format=v7"],
  oldgnu: ["tar", "--format=oldgnu", "--sparse"],
  gnu: ["tar", "--format=gnu", "--sparse"],
  ustar: ["tar", "--format=ustar"],
  "pax with everything": ["tar", "--format=posix", "--sparse", "--xattrs", "--acls"],
  "pax with sparse 0.1": ["tar", "--format=posix", "--sparse", "--sparse-version=0.1"],
  "bsdtar's pax": ["bsdtar", "--format=pax", "--xattrs"],
  "bsdtar's ustar": ["bsdtar", "--format=ustar"],
};

/** What the dialects that know neither pipes nor long names can hold of it. */
const NARROW: ReadonlyMap<string, string[]> = new Map([
  ["v7", ["d", "f", "link", "name"]],
  ["ustar", ["d", "f", "link", "name", "pipe"]],
  ["bsdtar's ustar", ["d", "f", "link", "name", "pipe"]],
]);

/** Writes all of them. @returns each archive by its dialect */
export function makeDialects(): Map<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "runhcs-dialects-"));
  try {
    makeTree(join(folder, "tree"));
    const archives = Object.entries(PROGRAMS).map(([dialect, [program = "", ...words]]) => {
      const file = join(folder, "archive");
      const names = NARROW.get(dialect) ?? ["."];
      execFileSync(program, [...words, "-b1", "-cf", file, "-C", join(folder, "tree"), ...names]);
      return [dialect, readFileSync(file)] as const;
    });
    return new Map([...archives, ["star", starArchive()]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function makeTree(top: string): void {
  mkdirSync(join(top, "d/e"), { recursive: true });
  writeFileSync(join(top, "f"), "contents\n".repeat(100));
  writeFileSync(join(top, "d/e/empty"), "");
  linkSync(join(top, "f"), join(top, "name"));
  symlinkSync("d/e", join(top, "link"));
  writeFileSync(join(top, "n".repeat(120)), "long");
  symlinkSync("t".repeat(150), join(top, "longlink"));
  execFileSync("mkfifo", [join(top, "pipe")]);
  execFileSync("truncate", ["-s", "200000", join(top, "sparse")]);
  execFileSync("setfattr", ["-n", "user.note", "-v", "kept", join(top, "f")]);
  execFileSync("setfacl", ["-m", "u:4711:r--", join(top, "d")]);
}

function starArchive(): Buffer {
  const star: [number, string][] = [
    [476, "00000000001"],
    [508, "tar\0"],
  ];
  return Buffer.concat([
    header({ name: "d/", type: "5", more: star }),
    pax({ mtime: "1.5", "SCHILY.dev": "5" }),
    member({ name: "f", prefix: "d", more: star }, "star"),
    header({ name: "l", type: "2", linkTarget: "d/f", more: star }),
    END,
  ]);
}
