import { createHash } from "node:crypto";

/** Namespace of the names below, drawn once at random. */
const NAMESPACE = Buffer.from("5b1f3c7d6a8e4c0f9d2e7f4b1a6c8e30", "hex");

/**
 * A GUID made of a name, always the same (RFC 9562, version 5). It stands for what NameToGuid of vmcompute.dll gives,
 * whose rule is not public: ids of layers only have to agree on one host.
 */
export function standInGuid(name: string): string {
  const hash = createHash("sha1").update(NAMESPACE).update(name, "utf8").digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
