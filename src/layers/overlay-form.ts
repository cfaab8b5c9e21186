import type { FileEntry } from "../formats/file-entry.ts";
import { FormatError, quoteName } from "../formats/format-error.ts";

/** What a file of an overlay's upper folder is in an OCI layer. */
export type LayerForm =
  | { kind: "whiteout"; marker: FileEntry }
  | { kind: "file"; entry: FileEntry; opaqueMarker: FileEntry | undefined };

const PREFIX = "trusted.overlay.";
/** Attributes of an overlay that lies within this one carry the word twice. */
const ESCAPED_PREFIX = `${PREFIX}overlay.`;

/** Attributes without which a file is not whole: its contents, or its other name, are in a layer below. */
const PARTIAL: ReadonlyMap<string, string> = new Map([
  ["metacopy", "its contents lie in a layer below (metacopy)"],
  ["redirect", "it stands for a directory of another name in a layer below (redirect)"],
]);

/**
 * Converts a file from the form of overlayfs to that of OCI layers: whiteouts become marker files, and the attributes
 * by which an overlay keeps its books are dropped.
 *
 * @throws {FormatError} if the file is only whole together with the layers below it
 * @see https://docs.kernel.org/filesystems/overlayfs.html#whiteouts-and-opaque-directories
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
 */
export function toLayerForm(entry: FileEntry): LayerForm {
  const { xattrs, path } = entry;
  if (isWhiteout(entry)) {
    const nameAt = path.lastIndexOf("/") + 1;
    const marker = markerOf(entry, `${path.slice(0, nameAt)}.wh.${path.slice(nameAt)}`);
    return { kind: "whiteout", marker };
  }
  if (xattrs === undefined) return { kind: "file", entry, opaqueMarker: undefined };
  for (const [name, reason] of PARTIAL) {
    if (xattrs.has(PREFIX + name)) throw new FormatError(`Cannot export ${quoteName(path)}: ${reason}`);
  }
  const opaque = textOf(xattrs.get(`${PREFIX}opaque`));
  const isOpaque = opaque === "y" && entry.type === "directory";
  return {
    kind: "file",
    entry: withoutOverlayXattrs(entry, xattrs),
    opaqueMarker: isOpaque ? markerOf(entry, `${path === "" ? "" : `${path}/`}.wh..wh..opq`) : undefined,
  };
}

/** A device 0:0; on overlays that cannot make devices, an empty file with an attribute. */
function isWhiteout({ type, device, size, xattrs }: FileEntry): boolean {
  if (type === "character") return device?.major === 0 && device.minor === 0;
  return type === "file" && size === 0 && xattrs?.has(`${PREFIX}whiteout`) === true;
}

function markerOf({ mtime }: FileEntry, path: string): FileEntry {
  return { path, type: "file", mode: 0, uid: 0, gid: 0, size: 0, mtime };
}

function withoutOverlayXattrs(entry: FileEntry, xattrs: ReadonlyMap<string, Uint8Array>): FileEntry {
  const kept = new Map<string, Uint8Array>();
  for (const [name, value] of xattrs) {
    if (name.startsWith(ESCAPED_PREFIX)) kept.set(PREFIX + name.slice(ESCAPED_PREFIX.length), value);
    else if (!name.startsWith(PREFIX)) kept.set(name, value);
  }
  const { xattrs: _dropped, ...bare } = entry;
  return kept.size === 0 ? bare : { ...bare, xattrs: kept };
}

function textOf(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString("latin1");
}
