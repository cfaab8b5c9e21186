import { PlatformError, UsageError } from "../base/errors.ts";
import type { LinuxCpu, LinuxMemory, LinuxResources } from "../schema/oci.ts";

/** Values of update's flags, by their names; all are text, because limits may be larger than a double holds. */
export type ResourceFlags = Readonly<Record<string, unknown>>;

/** An amount of a resource; a bigint only where a double would not hold it. */
type Amount = number | bigint;

const UNITS = "bkmgt";

/**
 * Makes limits of update's flags; what no flag names stays absent, and so unchanged.
 *
 * @throws {UsageError} for a value that is no amount
 * @throws {PlatformError} for a resource that the executors here cannot change
 */
export function resourcesFromFlags(flags: ResourceFlags): LinuxResources {
  refuseRdt(flags);
  const memory = memoryLimits(flags);
  const cpu = cpuLimits(flags);
  const weight = amount(flags, "blkio-weight");
  const pids = amount(flags, "pids-limit");
  return {
    ...(isEmpty(memory) ? {} : { memory }),
    ...(isEmpty(cpu) ? {} : { cpu }),
    ...(weight === undefined ? {} : { blockIO: { weight: Number(weight) } }),
    ...(pids === undefined ? {} : { pids: { limit: pids } }),
  };
}

function memoryLimits(flags: ResourceFlags): LinuxMemory {
  return present({
    limit: size(flags, "memory"),
    reservation: size(flags, "memory-reservation"),
    swap: size(flags, "memory-swap"),
    kernel: size(flags, "kernel-memory"),
    kernelTCP: size(flags, "kernel-memory-tcp"),
  });
}

function cpuLimits(flags: ResourceFlags): LinuxCpu {
  return present({
    shares: amount(flags, "cpu-share"),
    quota: amount(flags, "cpu-quota"),
    period: amount(flags, "cpu-period"),
    burst: amount(flags, "cpu-burst"),
    idle: amount(flags, "cpu-idle"),
    realtimeRuntime: amount(flags, "cpu-rt-runtime"),
    realtimePeriod: amount(flags, "cpu-rt-period"),
    cpus: textOf(flags, "cpuset-cpus"),
    mems: textOf(flags, "cpuset-mems"),
  });
}

function refuseRdt(flags: ResourceFlags): void {
  for (const name of ["l3-cache-schema", "mem-bw-schema"]) {
    if (flags[name] === undefined) continue;
    const message = `Cannot use --${name}: no executor of this host can change Intel RDT settings`;
    throw new PlatformError("PLATFORM_UNSUPPORTED", message, { hint: `Leave --${name} out` });
  }
}

/** Drops absent values, keeping the types of those that are there. */
function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function isEmpty(values: object): boolean {
  return Object.keys(values).length === 0;
}

function amount(flags: ResourceFlags, name: string): Amount | undefined {
  const text = textOf(flags, name);
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) throw notAnAmount(name, text, "a whole number");
  return toAmount(BigInt(text));
}

function textOf(flags: ResourceFlags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** Bytes, with the units that runc's users write: 64m, 1.5g, 512kb. */
function size(flags: ResourceFlags, name: string): Amount | undefined {
  const text = textOf(flags, name);
  if (text === undefined) return undefined;
  const [, count, fraction, unit] = /^(-?\d+)(\.\d+)?\s?([bkmgt])?i?b?$/i.exec(text) ?? [];
  if (count === undefined) throw notAnAmount(name, text, "bytes, as 67108864 or 64m");
  const factor = 1024 ** Math.max(0, UNITS.indexOf(unit?.toLowerCase() ?? "b"));
  if (fraction === undefined) return toAmount(BigInt(count) * BigInt(factor));
  return Math.floor(Number(`${count}${fraction}`) * factor);
}

function toAmount(value: bigint): Amount {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function notAnAmount(name: string, text: string, wanted: string): UsageError {
  return new UsageError(`Cannot use --${name} "${text}": it must be ${wanted}`);
}
