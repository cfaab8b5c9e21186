/** Looks for everything that containers need of this host. */
import type { Diagnosis } from "../compute-service.ts";
import { cgroupLayout } from "./cgroups/cgroup-layout.ts";
import { executorVersion, hasCommand } from "./executor-abilities.ts";
import { chooseExecutor, findExecutor, type Executor, type ExecutorName } from "./executor.ts";
import { diagnoseKvm } from "./kvm.ts";
import type { Machine } from "./machine.ts";

/** What the choice of the executor depends on. */
interface Choice {
  root: string;
  executor: string | undefined;
}

/** Examines the host; nothing on it is changed, but the choice of the executor is remembered as by any other call. */
export async function diagnoseHost(machine: Machine, choice: Choice): Promise<Diagnosis[]> {
  return [
    await diagnoseExecutor(machine, "crun"),
    await diagnoseExecutor(machine, "runc"),
    await diagnoseChoice(machine, choice),
    await diagnoseCgroups(machine),
    await diagnoseNamespaces(machine),
    await diagnosePrivileges(machine),
    await diagnoseFileSystem(machine, "overlay", "overlay root file systems", "modprobe overlay"),
    await diagnoseLoop(machine),
    await diagnoseCheckpoint(machine),
    await diagnoseKvm(machine),
    await diagnoseMemory(machine),
  ];
}

async function diagnoseExecutor(machine: Machine, name: ExecutorName): Promise<Diagnosis> {
  const executor = await findExecutor(machine, name);
  if (executor === undefined) {
    return { subject: name, verdict: "warn", found: "not installed", remedy: `apt-get install ${name}` };
  }
  const version = await executorVersion(machine, executor);
  if (version === undefined) {
    return {
      subject: name,
      verdict: "warn",
      found: `${executor.path} does not start`,
      remedy: `Reinstall ${name}`,
    };
  }
  return { subject: name, verdict: "ok", found: `${version} at ${executor.path}` };
}

async function diagnoseChoice(machine: Machine, { root, executor: requested }: Choice): Promise<Diagnosis> {
  const subject = "executor";
  try {
    const executor = await chooseExecutor(machine, root, requested);
    return { subject, verdict: "ok", found: `${executor.path}, ${reason(executor, requested)}` };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { subject, verdict: "fail", found, remedy: "apt-get install crun" };
  }
}

function reason({ name, cgroupView }: Executor, requested: string | undefined): string {
  const why =
    requested === undefined
      ? name === "crun"
        ? "the faster one"
        : "because crun is missing"
      : "as asked for";
  return cgroupView ? `${why}, in a private cgroup view because the host's v2 part carries controllers` : why;
}

async function diagnoseCgroups(machine: Machine): Promise<Diagnosis> {
  const { kind, v1, v2 } = await cgroupLayout(machine);
  const names = [...Object.keys(v1), ...(v2?.controllers ?? [])].filter((name) => !name.startsWith("name="));
  const subject = "cgroups";
  if (kind === "none") {
    const remedy = "mount -t cgroup2 none /sys/fs/cgroup";
    return { subject, verdict: "fail", found: "no control groups are mounted", remedy };
  }
  const missing = ["memory", "pids", "cpu"].filter((name) => !names.includes(name));
  const found = `${kind}: ${names.join(", ")}`;
  if (missing.length === 0) return { subject, verdict: "ok", found };
  return {
    subject,
    verdict: "warn",
    found,
    remedy: `Limits of ${missing.join(", ")} cannot be set; enable these controllers`,
  };
}

async function diagnoseNamespaces(machine: Machine): Promise<Diagnosis> {
  const present = await machine.list("/proc/self/ns");
  const missing = ["mnt", "pid", "ipc", "uts", "net", "user", "cgroup"].filter(
    (name) => !present.includes(name),
  );
  const subject = "namespaces";
  if (missing.length === 0) return { subject, verdict: "ok", found: "all seven kinds" };
  const isFatal = missing.includes("mnt") || missing.includes("pid");
  const remedy = "Boot a kernel that has them";
  return { subject, verdict: isFatal ? "fail" : "warn", found: `missing: ${missing.join(", ")}`, remedy };
}

/** Bits of capabilities that an unlimited root has; without the first no container starts. */
const WANTED_CAPABILITIES = {
  SYS_ADMIN: 21n,
  NET_ADMIN: 12n,
  SYS_RESOURCE: 24n,
  MKNOD: 27n,
  SYS_PTRACE: 19n,
};

async function diagnosePrivileges(machine: Machine): Promise<Diagnosis> {
  const status = (await machine.readText("/proc/self/status")) ?? "";
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  const missing = Object.entries(WANTED_CAPABILITIES)
    .filter(([, bit]) => (effective & (1n << bit)) === 0n)
    .map(([name]) => `CAP_${name}`);
  const subject = "privileges";
  if (missing.length === 0)
    return { subject, verdict: "ok", found: "all capabilities that containers may need" };
  const verdict = missing.includes("CAP_SYS_ADMIN") ? "fail" : "warn";
  const remedy =
    verdict === "fail"
      ? "Run as root"
      : "Bundles that need these fail, as those that raise limits above the hard ones";
  return { subject, verdict, found: `without ${missing.join(", ")}`, remedy };
}

async function diagnoseFileSystem(
  machine: Machine,
  name: string,
  purpose: string,
  remedy: string,
): Promise<Diagnosis> {
  const systems = (await machine.readText("/proc/filesystems")) ?? "";
  const known = new RegExp(`\\t${name}$`, "m").test(systems);
  if (known) return { subject: name, verdict: "ok", found: `the kernel has it, for ${purpose}` };
  return { subject: name, verdict: "warn", found: `the kernel does not offer it, for ${purpose}`, remedy };
}

async function diagnoseLoop(machine: Machine): Promise<Diagnosis> {
  const subject = "loop devices";
  if (await machine.isAllowed("/dev/loop-control", "read and write"))
    return { subject, verdict: "ok", found: "/dev/loop-control can be opened" };
  return { subject, verdict: "warn", found: "/dev/loop-control cannot be opened", remedy: "modprobe loop" };
}

async function diagnoseCheckpoint(machine: Machine): Promise<Diagnosis> {
  const subject = "checkpoint";
  const runc = await findExecutor(machine, "runc");
  const criu = await machine.findProgram("criu");
  if (runc === undefined || criu === undefined || !(await hasCommand(machine, runc, "checkpoint"))) {
    const found = `criu is ${criu ?? "not installed"}, runc is ${runc?.path ?? "not installed"}`;
    return { subject, verdict: "warn", found, remedy: "apt-get install runc criu" };
  }
  const { code, output } = await machine.capture(criu, ["check"]);
  if (code === 0)
    return { subject, verdict: "ok", found: "runc and criu work; containers need --executor runc" };
  const complaint = output.trim().split("\n").at(-1) ?? "";
  const remedy = "Use a criu that knows this kernel, or do without checkpoint and restore";
  return { subject, verdict: "warn", found: `criu does not work on this kernel: ${complaint}`, remedy };
}

async function diagnoseMemory(machine: Machine): Promise<Diagnosis> {
  const text = (await machine.readText("/proc/meminfo")) ?? "";
  const mebibytes = (key: string): number =>
    Math.floor(Number(new RegExp(`^${key}:\\s*(\\d+)`, "m").exec(text)?.[1] ?? "0") / 1024);
  const available = mebibytes("MemAvailable");
  const found = `${available} MiB available of ${mebibytes("MemTotal")} MiB`;
  if (available >= 64) return { subject: "memory", verdict: "ok", found };
  return { subject: "memory", verdict: "warn", found, remedy: "Free some memory first" };
}
