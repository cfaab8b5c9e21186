// What other programs make of archives and trees: GNU tar, and Python's tarfile as an independent reader.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import type { EntryWithContent } from "./tar-entries.ts";

/** An entry as both readers describe it; names are byte strings, numbers that may be large are decimal. */
export interface Description {
  path: string;
  type: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: string;
  link: string;
  device: number[];
  xattrs: { [name: string]: string };
  sha256: string;
}

const PRELUDE = `
import hashlib, json, os, stat, sys, tarfile
from decimal import Decimal
def text(name): return os.fsencode(name).decode("latin1")
def clean(name): return text(os.path.normpath(name)).lstrip("/").replace("./", "", 1) if name not in (".", "./") else ""
`;

const DUMP_TAR = `${PRELUDE}
TYPES = {b"0": "file", b"\\0": "file", b"7": "file", b"S": "file", b"1": "hardlink", b"2": "symlink",
         b"3": "character", b"4": "block", b"5": "directory", b"6": "fifo"}
found = []
with tarfile.open(sys.argv[1], encoding="utf-8", errors="surrogateescape") as archive:
    for one in archive:
        kind = TYPES[one.type]
        content = archive.extractfile(one).read() if kind == "file" else b""
        prefix = "SCHILY.xattr."
        found.append({
            "path": clean(one.name), "type": kind, "mode": one.mode & 0o7777, "uid": one.uid, "gid": one.gid,
            "size": one.size if kind == "file" else 0,
            "mtime": str(int(Decimal(one.pax_headers.get("mtime", one.mtime)) * 10**9)),
            "link": clean(one.linkname) if kind == "hardlink" else text(one.linkname),
            "device": [one.devmajor, one.devminor] if kind in ("character", "block") else [],
            "xattrs": {text(key[len(prefix):].replace("%3D", "=").replace("%25", "%")): os.fsencode(value).hex()
                       for key, value in one.pax_headers.items() if key.startswith(prefix)},
            "sha256": hashlib.sha256(content).hexdigest(),
        })
print(json.dumps(found))
`;

const DUMP_TREE = `${PRELUDE}
KINDS = [(stat.S_ISREG, "file"), (stat.S_ISLNK, "symlink"), (stat.S_ISCHR, "character"), (stat.S_ISBLK, "block"),
         (stat.S_ISDIR, "directory"), (stat.S_ISFIFO, "fifo")]
found, seen = [], {}
def visit(path, name):
    info = os.lstat(path)
    kind = next(kind for test, kind in KINDS if test(info.st_mode))
    content = open(path, "rb").read() if kind == "file" else b""
    found.append({
        "path": text(name), "type": kind, "mode": info.st_mode & 0o7777, "uid": info.st_uid, "gid": info.st_gid,
        "size": info.st_size if kind == "file" else 0, "mtime": str(info.st_mtime_ns),
        "link": text(os.readlink(path)) if kind == "symlink" else "",
        "device": [os.major(info.st_rdev), os.minor(info.st_rdev)] if kind in ("character", "block") else [],
        "xattrs": {text(key): os.getxattr(path, key, follow_symlinks=False).hex()
                   for key in os.listxattr(path, follow_symlinks=False)},
        "sha256": hashlib.sha256(content).hexdigest(),
    })
    if kind == "directory":
        for child in sorted(os.listdir(path)): visit(os.path.join(path, child), os.path.join(name, child))
visit(sys.argv[1], "")
print(json.dumps(found))
`;

/** Whether a program is there to be compared with. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ["--version"]).status === 0;
}

/** Describes the entries of an archive as tarfile sees them. */
export function tarfileSees(archive: string): Description[] {
  return descriptionsOf(DUMP_TAR, archive);
}

/** Describes a folder and all below it, ordered by name; further names of a file look like files. */
export function treeHas(folder: string): Description[] {
  return descriptionsOf(DUMP_TREE, folder);
}

function descriptionsOf(script: string, path: string): Description[] {
  const parsed: unknown = JSON.parse(runPython(script, path));
  if (!Array.isArray(parsed)) throw new Error("the dump is no list");
  return parsed;
}

/** Runs a Python script. @returns what it prints */
export function runPython(script: string, ...words: string[]): string {
  return execFileSync("python3", ["-c", script, ...words], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8" },
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** Runs GNU tar, which must succeed. @returns what it prints */
export function runTar(...words: string[]): string {
  return execFileSync("tar", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Describes what our reader found, in the words of the dumps. */
export function describeFound({ entry, content }: EntryWithContent): Description {
  const { path, type, mode, uid, gid, size, mtime, linkTarget = "", device } = entry;
  const xattrs = [...(entry.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString("hex")]);
  return {
    path,
    type,
    mode,
    uid,
    gid,
    size,
    mtime: String(mtime),
    link: linkTarget,
    device: device === undefined ? [] : [device.major, device.minor],
    xattrs: Object.fromEntries(xattrs),
    sha256: createHash("sha256").update(content).digest("hex"),
  };
}
