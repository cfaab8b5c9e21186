/** What a name of a layer with whiteouts stands for. */
export type Whiteout =
  { kind: "opaque"; directory: string } | { kind: "whiteout"; path: string } | { kind: "metadata" };

const PREFIX = ".wh.";
const METADATA_PREFIX = ".wh..wh.";
const OPAQUE = ".wh..wh..opq";

/** The attribute by which an overlay knows a directory that hides the one below it. */
export const OPAQUE_XATTR = { name: "trusted.overlay.opaque", value: Buffer.from("y", "latin1") } as const;

/** Names by which an overlay keeps its books. */
const OVERLAY_PREFIX = "trusted.overlay.";

/**
 * Whether an attribute would have an overlay take contents or names from elsewhere (`redirect`, `metacopy` ...). An
 * image must not decide that; only the mark of an opaque directory hides and does no more.
 */
export function misleadsOverlays(attribute: string): boolean {
  return attribute.startsWith(OVERLAY_PREFIX) && attribute !== OPAQUE_XATTR.name;
}

/**
 * Tells whether a path is a marker: of a file that the layer deletes, of a directory whose lower contents it hides, or
 * of bookkeeping that older union file systems left behind.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
 */
export function parseWhiteout(path: string): Whiteout | undefined {
  if (!path.includes(PREFIX)) return undefined;
  const nameStart = path.lastIndexOf("/") + 1;
  const name = path.slice(nameStart);
  const directory = path.slice(0, Math.max(0, nameStart - 1));
  if (name === OPAQUE) return { kind: "opaque", directory };
  if (path.startsWith(METADATA_PREFIX) || name.startsWith(METADATA_PREFIX)) return { kind: "metadata" };
  if (!name.startsWith(PREFIX)) return undefined;
  return { kind: "whiteout", path: path.slice(0, nameStart) + name.slice(PREFIX.length) };
}
