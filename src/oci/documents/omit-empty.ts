/** A record of which any member may be undefined. */
type Draft<T> = { [K in keyof T]?: T[K] | undefined };

/**
 * Leaves out members that say nothing: undefined, 0, an empty text, false and empty arrays. HCS takes their absence
 * for its own default, and some versions refuse them. Empty objects stay, as their presence alone says something.
 */
export function omitEmpty<T extends object>(draft: Draft<T>): T {
  const members = Object.entries(draft).filter(([, value]) => !isEmpty(value));
  // What is left out is optional in every type of HCS.
  return Object.fromEntries(members) as T;
}

/** The object without its empty members, or undefined if nothing is left. */
export function omitIfEmpty<T extends object>(draft: Draft<T>): T | undefined {
  const object = omitEmpty(draft);
  return Object.keys(object).length === 0 ? undefined : object;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === "" || value === 0 || value === 0n || value === false;
}
