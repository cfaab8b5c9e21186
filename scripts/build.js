#!/usr/bin/env node
// Builds dist/: run.cjs (the bundle, for Node), koffi.node beside it, and runhcs (the bundle compiled by Bun).
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleProgram } from "./bundle.js";

const top = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(top, "dist");
const { version } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));

async function bundle() {
  const { text } = await bundleProgram({
    RUNHCS_VERSION: JSON.stringify(version),
    RUNHCS_COMMIT: JSON.stringify(commit()),
  });
  writeFileSync(join(dist, "run.cjs"), text);
}

function commit() {
  try {
    return execFileSync("git", ["-C", top, "rev-parse", "--short=12", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}

function copyKoffi() {
  const { platform, arch, report } = process;
  const musl = platform === "linux" && !report.getReport().header.glibcVersionRuntime;
  const folder = `${musl ? "musl" : platform}_${arch}`;
  copyFileSync(
    join(top, "node_modules", "@koromix", `koffi-${platform}-${arch}`, folder, "koffi.node"),
    join(dist, "koffi.node.new"),
  );
  // Programs that run have the old file mapped, so it is replaced and not written to.
  renameSync(join(dist, "koffi.node.new"), join(dist, "koffi.node"));
}

/** npm may or may not have run Bun's install script, which moves the binary. */
function bunProgram() {
  const candidates = [
    join(top, `node_modules/@oven/bun-${process.platform}-${process.arch}/bin/bun`),
    join(top, "node_modules/bun/bin/bun.exe"),
  ];
  return candidates.find((path) => existsSync(path));
}

/**
 * By default a compiled program obeys a bunfig.toml and a .env in the folder that it is started in, which may be
 * anybody's: engines start runhcs in a container's bundle.
 */
const COMPILE_OPTIONS = [
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-dotenv",
  "--minify",
  "--bytecode",
  "--format=cjs",
];

function compile() {
  const bun = bunProgram();
  if (bun === undefined) return console.log("build: no Bun for this platform; bin/runhcs will start Node");
  chmodSync(bun, 0o755);
  const target = join(dist, "runhcs");
  const args = [
    "build",
    "--compile",
    ...COMPILE_OPTIONS,
    join(dist, "run.cjs"),
    "--outfile",
    `${target}.new`,
  ];
  execFileSync(bun, args, {
    cwd: dist,
    stdio: ["ignore", "ignore", "inherit"],
  });
  renameSync(`${target}.new`, target);
}

/**
 * Keeps V8's compiled code of the bundle: after a run of `state`, the command that engines and operators wait
 * for most, so that it holds the functions that every command needs.
 */
function writeCodeCache() {
  const root = mkdtempSync(join(tmpdir(), "runhcs-build-"));
  const record = { format: 1, id: "x", owner: "", ociVersion: "", bundle: "/", rootfs: "/", created: "" };
  const annotations = { "io.katacontainers.pkg.oci.bundle_path": "/" };
  mkdirSync(join(root, "x"));
  writeFileSync(join(root, "x", "state.json"), JSON.stringify({ ...record, annotations }));
  const program = `const { writeFileSync } = require("node:fs");
    const { codeCache, compile, run } = require(${JSON.stringify(join(top, "bin/run.js"))});
    process.argv = ["node", "run.js", "--root", ${JSON.stringify(root)}, "state", "x"];
    const script = compile();
    process.on("exit", () => writeFileSync(codeCache, script.createCachedData()));
    run(script);`;
  execFileSync(process.execPath, ["-e", program], { stdio: ["ignore", "ignore", "inherit"] });
  rmSync(root, { recursive: true });
}

const started = Date.now();
mkdirSync(dist, { recursive: true });
execFileSync(process.execPath, [join(top, "scripts/generate-schema.js")], { stdio: "inherit" });
for (const name of readdirSync(dist)) if (name.endsWith(".cache")) rmSync(join(dist, name));
await bundle();
copyKoffi();
writeCodeCache();
compile();
writeFileSync(join(dist, "node"), process.execPath);
console.log(`build: dist/ is ready (${Date.now() - started} ms)`);
