// How often a soak test repeats, and the random numbers that it draws.

/** The full number of rounds if RUNHCS_SOAK is 1, else the small one. */
export function rounds(full: number, small: number): number {
  return process.env["RUNHCS_SOAK"] === "1" ? full : small;
}

/** Gives numbers from 0 to 1, the same ones again for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** The seed of RUNHCS_SEED, else a new one; it is printed, so that a failure can be repeated. */
export function chosenSeed(): number {
  const seed = Number(process.env["RUNHCS_SEED"] ?? Math.floor(Math.random() * 0x1_0000_0000));
  console.info(`RUNHCS_SEED=${seed}`);
  return seed;
}
