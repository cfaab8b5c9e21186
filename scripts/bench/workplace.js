/** A temporary folder with bundles and state, and the command lines of everything that is compared. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const top = join(dirname(fileURLToPath(import.meta.url)), "../..");
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** The environment of all commands: two variables change how Node starts, a third finds what we started. */
export function environment(marker) {
  const [name, value] = marker.split("=");
  const env = { ...process.env, [name]: value };
  delete env.NODE_EXTRA_CA_CERTS;
  delete env.NODE_OPTIONS;
  return env;
}

/** State is kept in memory by default (/run), which not every machine's /run is. */
const MEMORY = "/dev/shm";

/** Makes the folder. `remove` deletes the containers that an interrupted measurement left, and the folder. */
export function makeWorkplace() {
  const folder = mkdtempSync(join(MEMORY, "runhcs-bench."));
  const marker = `RUNHCS_BENCH=${folder}`;
  const prefix = `bench-${process.pid}-`;
  const bundle = (name) => join(folder, name);
  writeFileSync(join(folder, "empty.js"), "");
  makeBundle(bundle("true"), ["/bin/true"], marker);
  makeBundle(bundle("sleep"), ["sleep", "600"], marker);
  makeBundle(bundle("crowd"), ["sleep", "600"], marker, [OWN_DEVICES]);
  const programs = commandLines(folder);
  return { folder, marker, prefix, bundle, programs, remove: () => remove(folder, programs) };
}

/** Many containers that share a root must not all make the same device files in it: crun refuses the loser. */
const OWN_DEVICES = { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] };

function makeBundle(folder, args, marker, mounts = []) {
  mkdirSync(folder);
  const config = JSON.parse(readFileSync(join(top, "examples/hello/config.json"), "utf8"));
  config.process = { ...config.process, args, env: ["PATH=/bin", marker] };
  config.mounts.push(...mounts);
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  execFileSync(join(top, "examples/make-rootfs.sh"), [folder], { stdio: "ignore" });
}

/** Each program with its state folder, as the beginning of a command line. */
function commandLines(folder) {
  const node = process.execPath;
  return {
    empty: `${node} ${join(folder, "empty.js")}`,
    runhcs: `${join(top, "bin/runhcs")} --root ${join(folder, "state")}`,
    node: `${node} ${join(top, "bin/run.js")} --root ${join(folder, "state")}`,
    runc: `${find("runc")} --root ${join(folder, "runc")}`,
    crun: `${find("crun")} --root ${join(folder, "crun")}`,
  };
}

function find(name) {
  return execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8", env: { PATH } }).trim();
}

function remove(folder, { runhcs, runc, crun }) {
  for (const program of [runhcs, runc, crun]) {
    const script = `for id in $(${program} list --quiet); do ${program} delete --force "$id"; done`;
    execFileSync("/bin/sh", ["-c", script], { stdio: ["ignore", "inherit", "inherit"], env: { PATH } });
  }
  rmSync(folder, { recursive: true });
}

/** Names what the figures depend on. */
export function describeMachine() {
  const [, processor = "unknown processor"] =
    /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8")) ?? [];
  const kernel = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  return { processor, kernel, node: process.version };
}
