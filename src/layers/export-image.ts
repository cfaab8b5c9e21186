import { FileSink } from "../formats/file-sink.ts";
import { Ext4Reader } from "../formats/ext4/reader/ext4-reader.ts";
import { findPath } from "../formats/ext4/reader/find-path.ts";
import { exportLayer, type ExportSummary } from "./export-layer.ts";
import { makeFile, type Destination } from "./new-file.ts";
import { openDisk, type OpenDisk } from "./open-disk.ts";
import { Pace } from "./pace.ts";
import type { Task } from "./task.ts";

/** Takes the next bytes of an archive, which are valid during the call only. @returns false if nobody wants more */
export type ArchiveWriter = (chunk: Buffer) => boolean;

/** An image to export. */
export interface ExportRequest {
  /** Path of the disk: VHD, VHDX or raw. */
  source: string;
  output: Destination | ArchiveWriter;
  /** Folder of the image; undefined is the root, or in a scratch the folder of the changes. */
  folder?: string;
  /** Keeps whiteouts in overlayfs form instead of writing OCI's. */
  keepOverlay: boolean;
}

/** What has been exported. */
export interface ExportResult extends ExportSummary {
  /** Bytes of the tar. */
  size: number;
}
