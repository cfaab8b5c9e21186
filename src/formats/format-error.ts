import { RuntimeError, type RuntimeErrorOptions } from "../base/errors.ts";
import { onOneLine } from "../schema/faults.ts";

/** Characters of a name that a message quotes at most. */
const QUOTED_LENGTH = 200;

/** Names that a message quotes at most. */
const QUOTED_NAMES = 3;

/** Bytes that are not what their format prescribes: damaged, truncated, hostile or of an unknown kind. */
export class FormatError extends RuntimeError {
  /** Where in the input the fault was found, in bytes. */
  readonly offset: number | undefined;

  constructor(message: string, options: RuntimeErrorOptions & { offset?: number } = {}) {
    super("LAYER_FORMAT", message, options);
    this.offset = options.offset;
  }
}

/**
 * Says of what more a fault is, such as the file or the entry in which it was found; hint and place stay.
 *
 * @param context as `Cannot read image "x"`
 * @returns an error whose cause is `error`
 */
export function inContext(context: string, error: FormatError): FormatError {
  const { message, hint, offset } = error;
  const found = message.replace(/^Cannot /, "cannot ");
  return new FormatError(`${context}: ${found}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
    ...(offset === undefined ? {} : { offset }),
  });
}

/**
 * Shows a byte string in a message: as UTF-8, in quotes, on one line, cut if it is long.
 *
 * @example quoteName("caf\xc3\xa9\n") // '"café\\n"'
 */
export function quoteName(name: string): string {
  const text = Buffer.from(name.slice(0, QUOTED_LENGTH), "latin1").toString("utf8");
  return onOneLine(JSON.stringify(name.length > QUOTED_LENGTH ? `${text}...` : text));
}

/**
 * Shows the first of many byte strings in a message, and how many more there are.
 *
 * @example quoteSome(["a", "b", "c", "d"]) // '"a", "b", "c" and 1 more'
 */
export function quoteSome(names: readonly string[]): string {
  const shown = names.slice(0, QUOTED_NAMES).map(quoteName).join(", ");
  const more = names.length - QUOTED_NAMES;
  return more > 0 ? `${shown} and ${more} more` : shown;
}
