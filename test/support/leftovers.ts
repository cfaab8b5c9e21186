// What containers leave on a host. Every test file marks its containers, so that files can run side by side.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where to look for what has been left. */
export interface LeftoverSearch {
  /** Part of every container's id, and of nothing else on this host. */
  mark: string;
  /** Folder of all files of the test. */
  folder: string;
  /** The state folder. */
  root: string;
}

/** Lists control groups, mounts, loop devices, processes and state that are still there, each as `kind: what`. */
export function leftovers(search: LeftoverSearch): string[] {
  return [
    ...controlGroups(search),
    ...mounts(search),
    ...loopDevices(search),
    ...processes(search),
    ...states(search),
  ];
}

function controlGroups({ mark }: LeftoverSearch): string[] {
  return foldersBelow("/sys/fs/cgroup", 6)
    .filter((path) => path.includes(mark))
    .map((path) => `cgroup: ${path}`);
}

function foldersBelow(path: string, depth: number): string[] {
  if (depth === 0) return [];
  return list(path).flatMap((entry) => {
    if (!entry.isDirectory()) return [];
    const child = join(path, entry.name);
    return [child, ...foldersBelow(child, depth - 1)];
  });
}

/** Groups of others come and go while they are listed. */
function list(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function mounts({ mark, folder }: LeftoverSearch): string[] {
  const lines = ["/proc/1/mountinfo", "/proc/self/mountinfo"].flatMap((file) => read(file).split("\n"));
  return lines.filter((line) => line.includes(mark) || line.includes(folder)).map((line) => `mount: ${line}`);
}

function loopDevices({ folder }: LeftoverSearch): string[] {
  return list("/sys/block")
    .map(({ name }) => read(`/sys/block/${name}/loop/backing_file`))
    .filter((file) => file.startsWith(`${folder}/`))
    .map((file) => `loop device of: ${file.trim()}`);
}

function processes({ mark, folder }: LeftoverSearch): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      // One that has ended is left to whoever has to reap it.
      if (!isRunning(Number(pid))) return false;
      const command = read(`/proc/${pid}/cmdline`);
      return read(`/proc/${pid}/cgroup`).includes(mark) || command.includes(folder) || command.includes(mark);
    })
    .map((pid) => `process: ${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`);
}

/** Whether a process is there and has not ended. */
export function isRunning(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(read(`/proc/${pid}/status`));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Folders that only hold the state of containers may stay, empty. */
const HOLDERS = ["@hcs", "@crun", "@runc", "@layers"];

function states({ root }: LeftoverSearch): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .flatMap((name) =>
      HOLDERS.includes(name) ? readdirSync(join(root, name)).map((inner) => `${name}/${inner}`) : [name],
    )
    .filter((name) => name !== "@executor.json")
    .map((name) => `state: ${name}`);
}
