import type { FileEntry } from "../formats/file-entry.ts";
import type { Ext4Writer } from "../formats/ext4/writer.ts";
import type { TarSink } from "../formats/tar/tar-reader.ts";
import type { Task } from "./task.ts";

/** Files at the root of what engines save of a whole image; layers are members of it. */
const IMAGE_FILES = ["oci-layout", "repositories"];

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
    if (entry.type === "file" && IMAGE_FILES.includes(entry.path))
      this.warning("The tar seems to be a saved image and not a layer: its layers are files in it");
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
