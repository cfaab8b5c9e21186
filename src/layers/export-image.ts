import { FileSink } from "../formats/file-sink.ts";
import { exportLayer, type ExportOptions, type ExportSummary } from "./export-layer.ts";
import { makeFile, type Destination } from "./new-file.ts";
import { namingDisk, openDiskFile } from "./open-disk-file.ts";

/** An image to export. */
export interface ExportRequest extends ExportOptions {
  /** Path of the disk: VHD, VHDX or raw. */
  source: string;
  /** A new file, or what takes the archive in chunks that are valid during the call only. */
  output: Destination | ((chunk: Buffer) => void);
}

/** What has been exported. */
export interface ExportResult extends ExportSummary {
  /** Bytes of the tar. */
  size: number;
}

/**
 * Writes the layer in a disk image as a tar.
 *
 * @throws {FormatError} if the image is damaged, or holds what no archive can
 * @throws {LayerError} if the image does not exist, or the destination does or cannot be written
 */
export async function exportImage({ source, output, ...options }: ExportRequest): Promise<ExportResult> {
  const disk = openDiskFile(source);
  try {
    let size = 0;
    const exportTo = async (write: (chunk: Buffer) => void): Promise<ExportResult> => {
      const count = (chunk: Buffer): void => {
        write(chunk);
        size += chunk.length;
      };
      return { ...(await exportLayer(disk.source, count, options)), size };
    };
    if (typeof output === "function") return await exportTo(output);
    return await makeFile(output, (fd) => {
      const sink = new FileSink(fd);
      return exportTo((chunk) => sink.write([chunk], size));
    });
  } catch (error) {
    throw namingDisk(source, error);
  } finally {
    disk.close();
  }
}
