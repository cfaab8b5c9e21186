// Blocks of archives made by hand, for tests of what no program writes.

/** What a header has in its fields; texts are put there as they are. */
export interface RawHeader {
  name?: string;
  mode?: string;
  uid?: string;
  gid?: string;
  size?: string | number;
  mtime?: string;
  checksum?: string;
  type?: string;
  linkTarget?: string;
  /** Magic and version; "ustar\x0000" unless told otherwise. */
  magic?: string;
  major?: string;
  minor?: string;
  prefix?: string;
  /** What to put at other offsets. */
  more?: [offset: number, text: string][];
}

/** A header block with a right checksum unless another is told. */
export function header(raw: RawHeader = {}): Buffer {
  const block = Buffer.alloc(512);
  const put = (offset: number, text: string): void => void block.write(text, offset, "latin1");
  put(0, raw.name ?? "file");
  put(100, raw.mode ?? "0000644");
  put(108, raw.uid ?? "0000000");
  put(116, raw.gid ?? "0000000");
  put(124, typeof raw.size === "string" ? raw.size : (raw.size ?? 0).toString(8).padStart(11, "0"));
  put(136, raw.mtime ?? "00000000000");
  put(156, raw.type ?? "0");
  put(157, raw.linkTarget ?? "");
  put(257, raw.magic ?? "ustar\x0000");
  put(329, raw.major ?? "");
  put(337, raw.minor ?? "");
  put(345, raw.prefix ?? "");
  for (const [offset, text] of raw.more ?? []) put(offset, text);
  put(148, " ".repeat(8));
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.fill(0, 148, 156);
  put(148, raw.checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** A header and its content, padded to whole blocks. */
export function member(raw: RawHeader, content: string | Buffer = ""): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
  const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512);
  return Buffer.concat([header({ size: bytes.length, ...raw }), bytes, padding]);
}

/** One record of an extended header. */
export function record(key: string, value: string): string {
  const rest = key.length + value.length + 3;
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** An extended header for the next entry, or for all with type g. */
export function pax(records: { [key: string]: string }, type = "x"): Buffer {
  const content = Object.entries(records).map(([key, value]) => record(key, value));
  return member({ name: "PaxHeaders/file", type }, content.join(""));
}

/** The end of an archive. */
export const END = Buffer.alloc(1024);
