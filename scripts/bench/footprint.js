/**
 * What containers leave on the host. The machine may be busy with other containers, so only traces of ours
 * count: those that carry the name of our folder, a word that begins all our ids, or our environment variable.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Parts of a state folder that stay when the last container has gone. */
const LASTING = new Set(["@hcs", "@crun", "@runc", "@executor.json"]);

/** Lists every trace of our containers, a line each; empty once all are deleted. */
export function footprint({ folder, prefix, marker, knownPids = [] }) {
  return [
    ...cgroups(prefix),
    ...mounts(folder, prefix),
    ...processes({ folder, prefix, marker, knownPids }),
    ...stateFiles(join(folder, "state")),
  ];
}

function cgroups(prefix, folder = "/sys/fs/cgroup") {
  const folders = entries(folder).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => {
    const path = join(folder, name);
    return name.includes(prefix) ? [`cgroup ${path}`] : cgroups(prefix, path);
  });
}

function mounts(folder, prefix) {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n");
  return lines
    .filter((line) => line.includes(folder) || line.includes(prefix))
    .map((line) => `mount ${line}`);
}

/** Processes that we started or that name our containers; `knownPids` are expected. */
export function processes({ folder, prefix, marker, knownPids }) {
  const known = new Set([process.pid, ...knownPids].map(String));
  return entries("/proc").flatMap(({ name: pid }) => {
    if (!/^\d+$/.test(pid) || known.has(pid)) return [];
    const words = text(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    const isOurs =
      words.includes(folder) || words.includes(prefix) || text(`/proc/${pid}/environ`).includes(marker);
    return isOurs ? [`process ${pid} ${words}`] : [];
  });
}

function stateFiles(root) {
  const names = entries(root).filter(({ name }) => !LASTING.has(name));
  const inside = entries(root)
    .filter((entry) => LASTING.has(entry.name) && entry.isDirectory())
    .flatMap((entry) => entries(join(root, entry.name)).map(({ name }) => join(entry.name, name)));
  return [...names.map(({ name }) => name), ...inside].map((path) => `state ${join(root, path)}`);
}

/** Processes and cgroups come and go while they are looked at. */
function entries(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function text(path) {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
