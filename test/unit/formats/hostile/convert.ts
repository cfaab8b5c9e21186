// Turns layers into images as the product does: tar reader into ext4 writer, whatever the tar holds.
import { closeSync, ftruncateSync, openSync } from "node:fs";
import { Ext4Writer, type Ext4Options } from "../../../../src/formats/ext4/writer.ts";
import type { FileEntry } from "../../../../src/formats/file-entry.ts";
import { FileSink } from "../../../../src/formats/file-sink.ts";
import { FormatError } from "../../../../src/formats/format-error.ts";
import { TarReader } from "../../../../src/formats/tar/tar-reader.ts";

/** What became of a layer. */
export interface Outcome {
  /** Why it was refused. */
  error?: FormatError;
  warnings: string[];
  /** What the reader told, as far as it came. */
  entries: FileEntry[];
}

/** Writes the image of a layer that comes in chunks to `path`; anything but a FormatError is thrown. */
export function convert(chunks: Iterable<Buffer>, path: string, options: Ext4Options = {}): Outcome {
  const outcome: Outcome = { warnings: [], entries: [] };
  const warn = (message: string): void => void outcome.warnings.push(message);
  const fd = openSync(path, "w");
  try {
    const writer = new Ext4Writer(new FileSink(fd), { ...options, onWarning: warn });
    const reader = new TarReader({
      entry(entry) {
        outcome.entries.push(entry);
        writer.entry(entry);
      },
      data: (chunk) => writer.data(chunk),
      hole: (length) => writer.hole(length),
      warning: warn,
      end: () => ftruncateSync(fd, writer.finish().size),
    });
    for (const chunk of chunks) reader.write(chunk);
    reader.end();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    outcome.error = error;
  } finally {
    closeSync(fd);
  }
  return outcome;
}
