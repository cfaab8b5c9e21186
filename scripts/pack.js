#!/usr/bin/env node
// Packs what `npm run build` made: the program for Node, and the compiled executable as a package of its own
// for this platform. Installing both globally, without any registry, puts runhcs on the PATH:
//
//   npm install --global ./dist/runhcs-VERSION.tgz ./dist/runhcs-linux-x64-VERSION.tgz
//
// Usage: pack.js [FOLDER], the folder for the tarballs, dist/ if absent
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const top = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = resolve(process.argv[2] ?? join(top, "dist"));
const { platform, arch } = process;
const source = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
const { version, description, license, engines, bin, files, type } = source;

/** The bundle carries all its dependencies, and koffi's addon lies beside it, so no other package is needed. */
const main = {
  name: "runhcs",
  version,
  description,
  license,
  type,
  bin,
  engines,
  os: [platform],
  cpu: [arch],
  files,
  optionalDependencies: { [`@runhcs/${platform}-${arch}`]: version },
};

const compiled = {
  name: `@runhcs/${platform}-${arch}`,
  version,
  description: `The compiled executable of runhcs for ${platform}-${arch}`,
  license,
  os: [platform],
  cpu: [arch],
  files: ["runhcs", "koffi.node"],
};

if (!existsSync(join(top, "dist/run.cjs"))) {
  console.error("Cannot pack: nothing has been built; run npm run build");
  process.exit(1);
}
mkdirSync(target, { recursive: true });
pack(
  main,
  `runhcs-${version}.tgz`,
  [...files, "README.md", "LICENSE"].map((file) => [file, file]),
);
if (existsSync(join(top, "dist/runhcs"))) {
  pack(compiled, `runhcs-${platform}-${arch}-${version}.tgz`, [
    ["dist/runhcs", "runhcs"],
    ["dist/koffi.node", "koffi.node"],
    ["LICENSE", "LICENSE"],
  ]);
} else {
  console.log(`pack: no compiled executable for ${platform}-${arch}; runhcs will start Node`);
}

/** Packs files, each copied from its place in the repository to its place in the package. */
function pack(manifest, tarball, copies) {
  const folder = mkdtempSync(join(tmpdir(), "runhcs-pack."));
  try {
    for (const [from, to] of copies) copy(join(top, from), join(folder, to));
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
    const options = ["--silent", "--ignore-scripts", "--pack-destination", folder];
    const name = execFileSync("npm", ["pack", ...options], { cwd: folder, encoding: "utf8" }).trim();
    copyFileSync(join(folder, name), join(target, tarball));
    console.log(`pack: ${join(target, tarball)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  if (to.endsWith("/runhcs")) chmodSync(to, 0o755);
}
