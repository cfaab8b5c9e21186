import type { FileEntry } from "../formats/file-entry.ts";
import type { Ext4Writer } from "../formats/ext4/writer.ts";
import type { TarSink } from "../formats/tar/tar-reader.ts";
import type { Task } from "./task.ts";

/** Hands the entries of a tar to an image, and counts them. */
export class ImageFeeder implements TarSink {
  entries = 0;
  readonly #writer: Ext4Writer;
  readonly #task: Task;

  constructor(writer: Ext4Writer, task: Task) {
    this.#writer = writer;
    this.#task = task;
  }

  entry(entry: FileEntry): void {
    this.entries++;
    this.#writer.entry(entry);
  }

  data(chunk: Buffer): void {
    this.#writer.data(chunk);
  }

  hole(length: number): void {
    this.#writer.hole(length);
  }

  warning(message: string): void {
    this.#task.onWarning?.(message);
  }

  end(): void {}
}
