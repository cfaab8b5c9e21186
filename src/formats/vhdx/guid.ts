/** Bytes of a GUID. */
export const GUID_SIZE = 16;
/** The GUID that stands for none. */
export const NO_GUID = "00000000-0000-0000-0000-000000000000";

/** Encodes a GUID in its textual form as Windows stores it: the first three groups have their lowest byte first. */
export function encodeGuid(text: string): Buffer {
  return swapGroups(Buffer.from(text.replaceAll("-", ""), "hex"));
}

/** The textual form, in lower case, of a GUID as Windows stores it. */
export function formatGuid(bytes: Uint8Array): string {
  const hex = swapGroups(bytes).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The textual form of a UUID whose 16 bytes are in the order of its digits. */
export function guidOfUuid(uuid: Uint8Array): string {
  return formatGuid(swapGroups(uuid));
}

function swapGroups(bytes: Uint8Array): Buffer {
  const swapped = Buffer.from(bytes.subarray(0, GUID_SIZE));
  swapped.subarray(0, 4).reverse();
  swapped.subarray(4, 6).reverse();
  swapped.subarray(6, 8).reverse();
  return swapped;
}
