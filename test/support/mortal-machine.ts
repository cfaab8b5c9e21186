// A machine whose user is killed at a chosen step: that call and all later ones never happen, and what the kernel
// would release with the process is released.
import type { Machine } from "../../src/hcs/linux/machine.ts";

/** What stands for the death of the process; nothing may catch it and go on. */
export class Killed extends Error {}

/** Calls that change something; what happens between two of them does not matter to whoever comes later. */
const CHANGES = [
  "attachFile",
  "capture",
  "copyFile",
  "lock",
  "makeFolder",
  "mount",
  "mountOverlay",
  "remove",
  "removeEmptyFolder",
  "rename",
  "replaceText",
  "setOwner",
  "signal",
  "start",
  "unmount",
  "writeNew",
  "writeText",
];

/** Wraps a machine. @param lastStep how many changes are made before the process is killed */
export function mortalMachine(real: Machine, lastStep: number): Machine {
  let steps = 0;
  const held = new Set<() => Promise<void>>();
  /** Releases once, whether the user does so or dies. */
  const hold = (release: () => Promise<void>): (() => Promise<void>) => {
    const once = async (): Promise<void> => {
      if (held.delete(once)) await release();
    };
    held.add(once);
    return once;
  };
  let isDead = false;
  const step = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const isChange = CHANGES.includes(name);
    if (isDead || (isChange && steps >= lastStep)) {
      isDead = true;
      for (const release of held) await release();
      throw new Killed(`killed after ${lastStep} steps`);
    }
    if (isChange) steps++;
    return act();
  };
  const wrapped = Object.fromEntries(
    Object.entries(real).map(([name, call]) => [
      name,
      (...words: unknown[]) => step(name, () => (call as (...args: unknown[]) => Promise<unknown>)(...words)),
    ]),
  );
  const machine = {
    ...(wrapped as unknown as Machine),
    lock: (path: string) =>
      step("lock", async () => {
        const release = await real.lock(path);
        return release === undefined ? undefined : hold(release);
      }),
    attachFile: (path: string, options: Parameters<Machine["attachFile"]>[1]) =>
      step("attachFile", async () => {
        const { device, release } = await real.attachFile(path, options);
        return { device, release: hold(release) };
      }),
  };
  return machine;
}
