/** Where a name belongs in a hashed directory: ordered by `major`, then `minor`, both of 32 bits. */
export interface NameHash {
  major: number;
  minor: number;
}

/** Initial state of the hash where a file system has no seed of its own; the same as MD4's. */
const MD4_STATE = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;
/** The hash that stands for the end of a directory and that no name may have. */
const END_OF_DIRECTORY = 0xfffffffe;
const WORDS = 8;
const CHUNK_SIZE = 4 * WORDS;

/** The three rounds: what is added in each step, which words in which order, and how far the sums turn. */
const ROUNDS = [
  { constant: 0, order: [0, 1, 2, 3, 4, 5, 6, 7], turns: [3, 7, 11, 19] },
  { constant: 0x5a827999, order: [1, 3, 5, 7, 0, 2, 4, 6], turns: [3, 5, 9, 13] },
  { constant: 0x6ed9eba1, order: [3, 7, 2, 6, 1, 5, 0, 4], turns: [3, 9, 11, 15] },
] as const;

/** What a round does with three words of the state. */
function combine(round: number, x: number, y: number, z: number): number {
  if (round === 0) return z ^ (x & (y ^ z));
  if (round === 1) return ((x & y) + ((x ^ y) & z)) | 0;
  return x ^ y ^ z;
}

/**
 * Hashes names with the halved MD4 over unsigned bytes.
 *
 * @see https://docs.kernel.org/filesystems/ext4/directory.html#hash-tree-directories
 */
export class NameHasher {
  readonly #initial: readonly number[];
  readonly #state = new Int32Array(4);
  readonly #words = new Int32Array(WORDS);

  /** `seed` is four words; all zero means the built-in ones. */
  constructor(seed: readonly number[]) {
    this.#initial = seed.some((word) => word !== 0) ? seed : MD4_STATE;
  }

  /** Hashes a name, a byte string of at least one byte. */
  hash(name: string): NameHash {
    this.#state.set(this.#initial);
    for (let from = 0; from < name.length; from += CHUNK_SIZE) {
      this.#load(name, from);
      this.#mix();
    }
    const [, second = 0, third = 0] = this.#state;
    const major = (second & ~1) >>> 0;
    return { major: major === END_OF_DIRECTORY ? END_OF_DIRECTORY - 2 : major, minor: third >>> 0 };
  }

  /** Loads the next 32 bytes as eight words, filled up with the number of bytes left. */
  #load(name: string, from: number): void {
    const left = name.length - from;
    const byte = left | (left << 8);
    const padding = byte | (byte << 16);
    for (let word = 0; word < WORDS; word++) {
      let value = padding;
      const end = Math.min(4 * word + 4, left);
      for (let at = 4 * word; at < end; at++) value = (value << 8) | name.charCodeAt(from + at);
      this.#words[word] = value;
    }
  }

  #mix(): void {
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = this.#state;
    let a = s0;
    let b = s1;
    let c = s2;
    let d = s3;
    for (const [round, { constant, order, turns }] of ROUNDS.entries()) {
      for (let step = 0; step < WORDS; step++) {
        const turn = turns[step & 3] ?? 0;
        const sum = (a + combine(round, b, c, d) + (this.#words[order[step] ?? 0] ?? 0) + constant) | 0;
        a = d;
        d = c;
        c = b;
        b = (sum << turn) | (sum >>> (32 - turn));
      }
    }
    this.#state[0] = s0 + a;
    this.#state[1] = s1 + b;
    this.#state[2] = s2 + c;
    this.#state[3] = s3 + d;
  }
}
