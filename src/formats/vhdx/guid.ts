import { formatUuid, parseUuid } from "../../base/uuid.ts";

/** Bytes of a GUID. */
export const GUID_SIZE = 16;
/** The GUID that stands for none. */
export const NO_GUID = "00000000-0000-0000-0000-000000000000";

/** Encodes a GUID in its textual form as Windows stores it: the first three groups have their lowest byte first. */
export function encodeGuid(text: string): Buffer {
  const bytes = parseUuid(text);
  if (bytes === undefined) throw new RangeError(`"${text}" is no GUID`);
  return swapGroups(bytes);
}

/** The textual form, in lower case, of a GUID as Windows stores it. */
export function formatGuid(bytes: Uint8Array): string {
  return formatUuid(swapGroups(bytes));
}

function swapGroups(bytes: Uint8Array): Buffer {
  const swapped = Buffer.from(bytes.subarray(0, GUID_SIZE));
  swapped.subarray(0, 4).reverse();
  swapped.subarray(4, 6).reverse();
  swapped.subarray(6, 8).reverse();
  return swapped;
}
