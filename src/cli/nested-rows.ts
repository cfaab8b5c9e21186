/**
 * Turns an object into rows of name and value, for people; what is nested gets names with a dot, lists become words.
 *
 * @example nestedRows({ size: 1, disk: { kind: "raw" } }) // [["size", "1"], ["disk.kind", "raw"]]
 */
export function nestedRows(value: object, prefix = ""): string[][] {
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
    if (part === undefined) return [];
    if (typeof part === "object" && part !== null && !Array.isArray(part)) {
      return nestedRows(part, `${prefix}${name}.`);
    }
    return [[`${prefix}${name}`, Array.isArray(part) ? part.join(" ") : String(part)]];
  });
}
