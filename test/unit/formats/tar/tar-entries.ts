import type { FileEntry } from "../../../../src/formats/file-entry.ts";
import { TarReader, type TarSink } from "../../../../src/formats/tar/tar-reader.ts";
import { TarWriter } from "../../../../src/formats/tar/tar-writer.ts";

/** An entry with its content, holes filled with zeros. */
export interface EntryWithContent {
  entry: FileEntry;
  content: Buffer;
  /** Offset and length of each hole that the reader told of. */
  holes: [offset: number, length: number][];
}

/** Collects what a reader tells; `isComplete` once it has told the end. */
export class Collector implements TarSink {
  readonly found: EntryWithContent[] = [];
  isComplete = false;

  entry(entry: FileEntry): void {
    this.found.push({ entry, content: Buffer.alloc(0), holes: [] });
  }

  data(chunk: Buffer): void {
    const last = this.#last();
    last.content = Buffer.concat([last.content, chunk]);
  }

  hole(length: number): void {
    const last = this.#last();
    last.holes.push([last.content.length, length]);
    last.content = Buffer.concat([last.content, Buffer.alloc(length)]);
  }

  end(): void {
    this.isComplete = true;
  }

  #last(): EntryWithContent {
    const last = this.found.at(-1);
    if (last === undefined) throw new Error("content came before the first entry");
    return last;
  }
}

/** Gives the entries of an archive that comes in chunks; fails as the reader does. */
export function* tarEntries(chunks: Iterable<Buffer>): Generator<EntryWithContent, void> {
  const collector = new Collector();
  const reader = new TarReader(collector);
  for (const chunk of chunks) {
    reader.write(chunk);
    // The last one may still grow.
    while (collector.found.length > 1) yield* collector.found.splice(0, 1);
  }
  reader.end();
  yield* collector.found;
}

/** Reads an archive that is there as a whole. */
export function readTar(archive: Buffer): EntryWithContent[] {
  return [...tarEntries([archive])];
}

/** Divides a buffer into chunks of `size` bytes. */
export function* chunksOf(bytes: Buffer, size: number): Generator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Writes an archive of entries and their contents. */
export function writeTar(entries: readonly (readonly [entry: FileEntry, content?: Buffer])[]): Buffer {
  const chunks: Buffer[] = [];
  const writer = new TarWriter((chunk) => chunks.push(Buffer.from(chunk)));
  for (const [entry, content] of entries) {
    writer.entry(entry);
    if (content !== undefined) writer.data(content);
  }
  writer.end();
  return Buffer.concat(chunks);
}

/** A small entry with what a test sets. */
export function fileEntry(change: Partial<FileEntry> = {}): FileEntry {
  return { path: "a", type: "file", mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0n, ...change };
}
