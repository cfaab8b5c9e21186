import { RuntimeError, UsageError } from "../base/errors.ts";

/** What oclif's parser says of a line that it cannot read. */
interface ParserError extends Error {
  oclif?: unknown;
  args?: { name?: string }[] | string[];
  flags?: string[];
}

/** Turns what oclif's parser throws into one line; every other error stays as it is. */
export function toUsageError(error: unknown, command: string): unknown {
  if (error instanceof RuntimeError || !isParserError(error)) return error;
  return new UsageError(`Cannot run "runhcs ${command}": ${problem(error)}`, {
    hint: `See: runhcs ${command} --help`,
    cause: error,
  });
}

function isParserError(error: unknown): error is ParserError {
  return error instanceof Error && "oclif" in error;
}

function problem({ message, args, flags }: ParserError): string {
  if (message.startsWith("Missing") && args !== undefined) {
    return `missing ${args.map((arg) => (typeof arg === "string" ? arg : (arg.name ?? ""))).join(" and ")}`;
  }
  const missing = [...message.matchAll(/^\s*Missing required flag (\S+)$/gm)].map(([, flag]) => flag);
  if (missing.length > 0) return `missing --${missing.join(" and --")}`;
  if (message.startsWith("Nonexistent") && flags !== undefined) return `unknown flag ${flags.join(", ")}`;
  const oneLine = message
    .replace(/\n?See more help with --help$/, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return oneLine.charAt(0).toLowerCase() + oneLine.slice(1);
}
