import * as Flags from "@oclif/core/flags";
import { UsageError } from "../base/errors.ts";
import { LABEL_SIZE } from "../formats/ext4/superblock.ts";
import type { Ext4Options } from "../formats/ext4/writer.ts";
import { parseSize } from "./byte-size.ts";
import { uuidFlag } from "./uuid-flag.ts";

/** Flags that shape a file system. */
export const imageFlags = {
  overlay: Flags.boolean({
    description: "turn whiteouts into the form of overlayfs",
    default: true,
    allowNo: true,
  }),
  inline: Flags.boolean({ description: "keep small files in their inodes" }),
  uuid: Flags.string({ description: "UUID of the file system; derived from the contents if absent" }),
  label: Flags.string({ description: "label of the file system, at most 16 bytes" }),
  size: Flags.string({ description: "size of the file system at least: 512M, 20G" }),
};

/** Parsed values of these flags. */
export interface ImageFlags {
  overlay: boolean;
  inline: boolean;
  uuid?: string | undefined;
  label?: string | undefined;
  size?: string | undefined;
}

/** What flags say of a file system. @throws {UsageError} */
export function imageOptions({ overlay, inline, uuid, label, size }: ImageFlags): Ext4Options {
  return {
    overlay,
    inlineData: inline,
    ...(uuid === undefined ? {} : { uuid: uuidFlag("--uuid", uuid) }),
    ...(label === undefined ? {} : { label: requireLabel(label) }),
    ...(size === undefined ? {} : { size: parseSize("--size", size) }),
  };
}

function requireLabel(label: string): string {
  const bytes = Buffer.byteLength(label);
  if (bytes <= LABEL_SIZE) return label;
  throw new UsageError(
    `Cannot use --label "${label}": it has ${bytes} bytes, at most ${LABEL_SIZE} are allowed`,
  );
}
