import type { Extensions } from "./decode-entry.ts";
import { FieldError } from "./header.ts";
import { readPax, type PaxRecords } from "./pax.ts";

/** Largest extended header, in bytes, for it is held in memory; the global ones have as much together. */
const MAX_SIZE = 1024 * 1024;

/** The letters of PAX headers for one entry and for all that follow, and of GNU's long names and link targets. */
export type ExtensionKind = "x" | "g" | "L" | "K";

/** The kind of a header by the letter that it has for its type. Solaris writes X for x. */
export const EXTENSION_KINDS: ReadonlyMap<string, ExtensionKind> = new Map([
  ["x", "x"],
  ["X", "x"],
  ["g", "g"],
  ["L", "L"],
  ["K", "K"],
]);

/** Collects what extended headers tell of the entry that follows them. */
export class ExtendedHeaders {
  readonly #global: PaxRecords = {};
  #globalSize = 0;
  #local: PaxRecords | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;

  /** Whether an entry must follow. */
  get isPending(): boolean {
    return (this.#local ?? this.#longName ?? this.#longLink) !== undefined;
  }

  /** What is known of the next entry. */
  get known(): Extensions {
    return { pax: this.#local ?? this.#global, longName: this.#longName, longLink: this.#longLink };
  }

  /** Requires that a header of this size may come. @throws {FieldError} */
  requireRoom(kind: ExtensionKind, size: number): void {
    if (kind === "x" && this.#local !== undefined)
      throw new FieldError("it is the second extended header of one entry");
    const before = kind === "g" ? this.#globalSize : 0;
    if (size < 0 || before + size > MAX_SIZE)
      throw new FieldError(
        `it has ${before + size} bytes of extended headers where at most ${MAX_SIZE} are read`,
      );
  }

  /** Takes the content of a header. @throws {FieldError} if it is malformed */
  take(kind: ExtensionKind, bytes: Buffer, range: readonly [start: number, end: number]): void {
    if (kind === "x") this.#takeLocal(bytes, range);
    else if (kind === "g") this.#takeGlobal(bytes, range);
    else if (kind === "L") this.#longName = nameIn(bytes, range);
    else this.#longLink = nameIn(bytes, range);
  }

  /** Forgets all but the global headers, because the entry has come. */
  clear(): void {
    this.#local = this.#longName = this.#longLink = undefined;
  }

  #takeLocal(bytes: Buffer, range: readonly [number, number]): void {
    const { xattrs } = this.#global;
    this.#local = xattrs === undefined ? { ...this.#global } : { ...this.#global, xattrs: new Map(xattrs) };
    readPax(bytes, range, this.#local);
  }

  /** Refuses for all entries what can only hold for one: some readers ignore it and so see another archive. */
  #takeGlobal(bytes: Buffer, range: readonly [number, number]): void {
    this.#globalSize += range[1] - range[0];
    readPax(bytes, range, this.#global);
    const { path, linkpath, size, sparse } = this.#global;
    if ((path ?? linkpath ?? size ?? sparse) !== undefined)
      throw new FieldError("it sets a name, a size or a sparse map for all entries");
  }
}

function nameIn(bytes: Buffer, [start, end]: readonly [number, number]): string {
  const zero = bytes.indexOf(0, start);
  return bytes.toString("latin1", start, zero === -1 ? end : Math.min(zero, end));
}
