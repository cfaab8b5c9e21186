/** A record of an extended header; texts are byte strings. */
export type PaxPair = readonly [key: string, value: string | Uint8Array];

/** Encodes the content of an extended header. */
export function encodePax(pairs: readonly PaxPair[]): Buffer {
  return Buffer.concat(pairs.flatMap(recordOf));
}

function recordOf([key, value]: PaxPair): Uint8Array[] {
  const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  const rest = ` ${key}=`.length + bytes.length + 1;
  // The length counts its own digits, which may be one more because of that.
  const guess = rest + String(rest).length;
  const length = rest + String(guess).length;
  return [Buffer.from(`${length} ${key}=`, "latin1"), bytes, Buffer.from("\n")];
}

/** The records of extended attributes, ordered by name so that equal entries give equal bytes. */
export function xattrPairs(xattrs: ReadonlyMap<string, Uint8Array>): PaxPair[] {
  return [...xattrs]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [`SCHILY.xattr.${encodeXattrName(name)}`, value]);
}

/** Encodes what would end the key, or be decoded, as GNU tar does. */
function encodeXattrName(name: string): string {
  return name.replace(/=|%(?=25|3D)/g, (sign) => (sign === "=" ? "%3D" : "%25"));
}

/**
 * Converts nanoseconds since 1970 to seconds with the decimals that are needed.
 *
 * @example toSeconds(-1500000000n) // "-1.5"
 */
export function toSeconds(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const digits = size.toString().padStart(10, "0");
  const decimals = digits.slice(-9).replace(/0+$/, "");
  const sign = nanoseconds < 0n ? "-" : "";
  return `${sign}${digits.slice(0, -9)}${decimals === "" ? "" : `.${decimals}`}`;
}
