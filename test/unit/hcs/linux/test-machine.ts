import { openHostMachine } from "../../../../src/hcs/linux/host-machine.ts";
import type { Machine } from "../../../../src/hcs/linux/machine.ts";

/** The host's own machine, which starts no program, with some of its answers replaced. */
export function hostMachine(answers: Partial<Machine> = {}): Machine {
  const machine = openHostMachine(() => {
    throw new Error("This test starts no program");
  });
  return { ...machine, ...answers };
}
