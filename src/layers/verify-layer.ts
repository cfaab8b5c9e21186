import type { ByteSource } from "../formats/byte-io.ts";
import { readSuperblock } from "../formats/ext4/reader/superblock-reader.ts";
import { findingText } from "../formats/ext4/verify/finding.ts";
import { verifyImage } from "../formats/ext4/verify/verify-image.ts";
import { FormatError } from "../formats/format-error.ts";
import { hasVeritySuperblock } from "../formats/verity/superblock.ts";
import { verifyVerity } from "../formats/verity/verify-verity.ts";
import { verityOffset } from "./inspect-layer.ts";

/** What a verification has found. */
export interface LayerVerdict {
  /** One line each; none if the layer is sound. */
  findings: string[];
  /** How many more there are than are told. */
  more: number;
  /** The digest of the root of the hash tree behind the file system, in hexadecimal, if there is one that can be read. */
  rootHash?: string;
}

/**
 * Verifies a layer's image: the file system, and the hash tree behind it if there is one. Damage is never an error.
 *
 * @param source the disk with the image
 * @param trustedHash the digest that the root of the hash tree must have, in hexadecimal; undefined for any or no tree
 */
export function verifyLayer(source: ByteSource, trustedHash?: string): LayerVerdict {
  const { findings, more } = verifyImage(source);
  const verity = verifyTree(source);
  const found = [...findings.map(findingText), ...verity.findings, ...strangeRoot(verity, trustedHash)];
  return { ...verity, findings: found, more };
}

function strangeRoot(
  { rootHash, findings }: Pick<LayerVerdict, "findings" | "rootHash">,
  trusted?: string,
): string[] {
  if (trusted === undefined || trusted.toLowerCase() === rootHash) return [];
  if (rootHash !== undefined) return [`hash tree: its root has the digest ${rootHash}, not ${trusted}`];
  return findings.length > 0 ? [] : [`hash tree: there is none whose root could have the digest ${trusted}`];
}

function verifyTree(source: ByteSource): Pick<LayerVerdict, "findings" | "rootHash"> {
  const offset = treeOffset(source);
  if (offset === undefined) return { findings: [] };
  try {
    const { rootHash, badBlock } = verifyVerity(source, offset);
    if (badBlock === undefined) return { findings: [], rootHash };
    const { kind, position } = badBlock;
    return { findings: [`hash tree: the ${kind} block at byte ${position} has another digest`], rootHash };
  } catch (error) {
    if (error instanceof FormatError) return { findings: [`hash tree: ${error.message}`] };
    throw error;
  }
}

/** Undefined if there is no tree, or no telling where it would be: then the file system's fault has been told. */
function treeOffset(source: ByteSource): number | undefined {
  try {
    const offset = verityOffset(readSuperblock(source));
    return hasVeritySuperblock(source, offset) ? offset : undefined;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
