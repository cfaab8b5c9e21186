// This machine as a host for the contract: its systems live in a folder of their own.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readCgroupPaths } from "../../src/hcs/linux/cgroups/cgroup-paths.ts";
import { openHostFiles } from "../../src/hcs/linux/host-files.ts";
import { openLinuxHost } from "../../src/hcs/linux/open.ts";
import { writeBusyboxRootfs } from "../support/busybox-image.ts";
import { isRunning, leftovers } from "../support/leftovers.ts";
import { configOf, shellProcess } from "../support/test-bundle.ts";
import type { ContractHost, Damage } from "./compute-service.contract.ts";

/** These systems make no scratch. */
const openDisks = (): never => {
  throw new Error("no scratch is made here");
};

/** Opens a host whose systems live in a folder of their own. */
export async function openLinuxContractHost(executor: "crun" | "runc"): Promise<ContractHost> {
  const folder = fs.mkdtempSync(join(tmpdir(), "runhcs-contract-"));
  const mark = `contract-${executor}-${process.pid}-`;
  const root = join(folder, "state");
  const rootfs = join(folder, "bundle/rootfs");
  await writeBusyboxRootfs(rootfs);
  fs.mkdirSync(join(rootfs, "out"), { mode: 0o777 });
  fs.chmodSync(join(rootfs, "out"), 0o777);
  let serial = 0;
  return {
    open: async () =>
      openLinuxHost({ root, executor, systemdCgroup: false, rootless: "auto", openDisks }).compute,
    killedCode: 137,
    newId: () => `${mark}${++serial}`,
    document: (script, change) => {
      const config = configOf("rootfs", shellProcess(script));
      change?.(config);
      return {
        SchemaVersion: { Major: 2, Minor: 1 },
        OciBundlePath: join(folder, "bundle"),
        OciSpecification: config,
      };
    },
    process: shellProcess,
    newPath: () => join(folder, `file-${++serial}`),
    readFile: readIfExists,
    readContainerFile: (path) => readIfExists(join(rootfs, path)),
    memoryLimit,
    damage: (id, damage) => damageSystem(root, id, damage),
    leftovers: () => leftovers({ mark, folder, root }),
    close: () => fs.rmSync(folder, { recursive: true }),
  };
}

function readIfExists(path: string): string | undefined {
  return fs.existsSync(path) ? fs.readFileSync(path, "utf8") : undefined;
}

async function memoryLimit(pid: number): Promise<string> {
  const paths = await readCgroupPaths(openHostFiles(), pid);
  const v1 = paths?.controllers["memory"];
  const file =
    v1 === undefined ? join(paths?.unified ?? "", "memory.max") : join(v1, "memory.limit_in_bytes");
  return fs.readFileSync(file, "utf8").trim();
}

async function damageSystem(root: string, id: string, damage: Damage): Promise<void> {
  const record = join(root, "@hcs", id, "system.json");
  if (damage === "no record") fs.rmSync(record);
  else if (damage === "record cut short") fs.writeFileSync(record, fs.readFileSync(record).subarray(0, 20));
  else {
    const pid = Number(fs.readFileSync(join(root, "@hcs", id, "pid"), "utf8"));
    process.kill(pid, "SIGKILL");
    for (let poll = 0; isRunning(pid) && poll < 1000; poll++) await sleep(5);
    for (const name of ["@crun", "@runc"]) fs.rmSync(join(root, name, id), { recursive: true, force: true });
  }
}
