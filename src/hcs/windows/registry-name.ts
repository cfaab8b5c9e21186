/**
 * Names of registry keys: a backslash separates keys, so names are escaped as a segment of a URL's path.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-3.3
 */

/** Letters, digits, and what a segment of a path may hold as it is, without those that separate parameters. */
const PLAIN = /[A-Za-z0-9\-_.~$&+:=@]/;

/** Writes any text as a name. */
export function escapeName(text: string): string {
  return [...Buffer.from(text)].map(escapeByte).join("");
}

/** Reads a name that `escapeName` has written; undefined if it is none. */
export function unescapeName(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
