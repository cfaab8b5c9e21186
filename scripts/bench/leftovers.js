/** What containers cost while they run and leave when they are gone. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { footprint, processes } from "./footprint.js";

const CONTAINERS = 100;
const AT_ONCE = 10;

/** Counts the processes, and their resident memory, that stay beside a container after each way to start it. */
export async function measureResident(workplace, stopwatch) {
  const { programs, prefix, bundle } = workplace;
  const id = `${prefix}resident`;
  const look = () => residentProcesses(workplace, stopwatch, id);
  await stopwatch.time(`${programs.runhcs} create --bundle ${bundle("sleep")} ${id}`);
  const create = look();
  await stopwatch.time(`${programs.runhcs} start ${id}`);
  const start = look();
  await stopwatch.time(`${programs.runhcs} delete --force ${id}`);
  await stopwatch.time(`${programs.runhcs} run --detach --bundle ${bundle("sleep")} ${id}`);
  const detached = look();
  await stopwatch.time(`${programs.runhcs} delete --force ${id}`);
  return { create, start, "run --detach": detached };
}

function residentProcesses({ folder, prefix, marker }, stopwatch, id) {
  const init = Number(readFileSync(`${folder}/state/@hcs/${id}/pid`, "utf8"));
  const found = processes({ folder, prefix, marker, knownPids: [stopwatch.pid, init] });
  const kib = found.map((line) => residentKib(line.split(" ")[1]));
  return { processes: found.length, kib: kib.reduce((sum, one) => sum + one, 0) };
}

function residentKib(pid) {
  const [, kib = "0"] = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib);
}

/** Takes many containers through their life, several at once, and compares the host before and after. */
export async function measureCrowd(workplace, env, knownPids) {
  const trace = { ...workplace, knownPids };
  const before = new Set(footprint(trace));
  const began = performance.now();
  const ids = Array.from({ length: CONTAINERS }, (_, at) => `${workplace.prefix}crowd-${at}`);
  const failures = [];
  const worker = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      await live(workplace, env, id).catch((error) => failures.push(error.message));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const ms = performance.now() - began;
  const left = footprint(trace).filter((line) => !before.has(line));
  return { containers: CONTAINERS, atOnce: AT_ONCE, ms, failures, left };
}

async function live({ programs, bundle }, env, id) {
  const call = (words) =>
    promisify(execFile)("/bin/sh", ["-c", `exec ${programs.runhcs} ${words} </dev/null >/dev/null`], { env });
  await call(`create --bundle ${bundle("crowd")} ${id} 2>/dev/null`);
  await call(`start ${id}`);
  await call(`kill ${id} KILL`);
  await call(`delete --force ${id}`);
}
