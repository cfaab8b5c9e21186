/** The archives that layers are made of, as in real images: few large files, very many small ones, a real /usr. */
import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const LARGE_FILES = 8;
const LARGE_SIZE = 128 * 2 ** 20;

// Node cannot set extended attributes. 120,000 entries, 5,700 of them links; every twentieth file has an attribute.
const SMALL_FILES = `
import os, random, sys
random.seed(1)
root = sys.argv[1]
folders = []
for d in range(6300):
    folder = f"{root}/usr/share/d{d % 300}" + (f"/sub{d // 300}" if d >= 300 else "")
    os.makedirs(folder)
    folders.append(folder)
noise = random.randbytes(1 << 20)
for i in range(107998):
    path = f"{random.choice(folders)}/file{i}.txt"
    size = min(int(random.expovariate(1 / 4000)), 65000)
    at = random.randrange(0, len(noise) - 65536)
    with open(path, "wb") as file: file.write(noise[at : at + size])
    if i % 20 == 0: os.setxattr(path, "user.key", b"value%d" % i)
for i in range(5700): os.symlink(f"../target{i}", f"{random.choice(folders)}/link{i}")
`;

/** Makes an archive and the folder that it was made of. @returns its paths */
function archive(folder, name, fill) {
  const tree = join(folder, `${name}.tree`);
  const tar = join(folder, `${name}.tar`);
  mkdirSync(tree);
  fill(tree);
  execFileSync("tar", ["--format=pax", "--xattrs", "-cf", tar, "-C", tree, "."]);
  return { name, tar, tree };
}

/** 1 GiB in eight files. */
export function largeFiles(folder) {
  return archive(folder, "large", (tree) => {
    const noise = randomFillSync(Buffer.allocUnsafe(16 * 2 ** 20));
    for (let file = 0; file < LARGE_FILES; file++) {
      const fd = openSync(join(tree, `file${file}`), "w");
      for (let done = 0; done < LARGE_SIZE; done += noise.length) writeSync(fd, noise);
      closeSync(fd);
    }
  });
}

/** 120,000 entries. */
export function smallFiles(folder) {
  return archive(folder, "small", (tree) => execFileSync("python3", ["-c", SMALL_FILES, tree]));
}

/** What this machine has in /usr/share and some of /usr/lib. */
export function systemFiles(folder) {
  const tar = join(folder, "system.tar");
  const lib = `/usr/lib/${{ x64: "x86_64", arm64: "aarch64" }[process.arch]}-linux-gnu`;
  const paths = ["usr/share", "usr/lib/python3", "usr/lib/git-core", "usr/lib/gcc", lib.slice(1)];
  execFileSync("tar", ["--format=pax", "--ignore-failed-read", "-cf", tar, "-C", "/", ...paths], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  return { name: "system", tar };
}

/** Removes what an archive was made of. */
export function removeTree({ tree }) {
  if (tree !== undefined) rmSync(tree, { recursive: true });
}
