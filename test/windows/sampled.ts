// A part of the tests of the whole program, where all of them take too long.
import { chosenSeed, randomNumbers, rounds } from "../support/soak-rounds.ts";
import type { CommandLineTests } from "./command-line.ts";

/** Declares about one test of `share`, other ones each time; all of them if RUNHCS_SOAK is 1. */
export function sampled(commands: CommandLineTests, share: number): CommandLineTests {
  const of = rounds(1, share);
  if (of === 1) return commands;
  const random = randomNumbers(chosenSeed());
  return {
    ...commands,
    inRoot: (name, body) => {
      if (random() * of < 1) commands.inRoot(name, body);
    },
  };
}
