/** Reads the JSON documents that engines hand over, and reports what is wrong with them. */
import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { BundleError, type BundleFault, errnoCode } from "../base/errors.ts";
import { parseJson } from "../base/lossless-json.ts";
import { faultAt, onOneLine, pointerTo, shown } from "../schema/faults.ts";

/** Real documents are some 20 KB; what is larger than this is refused unread. */
const maximumBytes = 16 * 1024 * 1024;

/** So many faults are written out in an error's message; the error itself carries all. */
const maximumShownFaults = 50;

/** What is read, in the words of messages: `Cannot <action> "<path>"`, then `<name>` and what is wrong. */
export interface DocumentSource {
  action: string;
  path: string;
  name: string;
  /** What is said when it does not exist. */
  absent: string;
}

/**
 * Reads a file that should hold one JSON document.
 *
 * @throws {BundleError} if it is absent, no regular file, too large, not UTF-8 or not JSON
 */
export function readJsonFile(file: string, source: DocumentSource): unknown {
  return parseDocument(readBytes(file, source), source);
}

/** @throws {BundleError} if the bytes are no UTF-8 or no JSON */
export function parseDocument(bytes: Buffer, source: DocumentSource): unknown {
  if (!isUtf8(bytes)) throw unusable(source, "is not UTF-8 text");
  const text = bytes.toString("utf8");
  const document = parse(text, source);
  const faults = text.includes("\\u0000") ? nulFaults(document, "") : [];
  if (faults.length > 0) throw invalid(source, faults);
  return document;
}

function parse(text: string, source: DocumentSource): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw unusable(source, `is not JSON: ${onOneLine(error.message)}`, error);
  }
}

/** Finds strings that would be cut off where the kernel or a program written in C ends them. */
function nulFaults(value: unknown, pointer: string): BundleFault[] {
  if (typeof value === "string") {
    return value.includes("\0") ? [faultAt(pointer, value, "text without NUL characters")] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const childPointer = pointer + pointerTo(key);
    return [...(key.includes("\0") ? nulFaults(key, childPointer) : []), ...nulFaults(child, childPointer)];
  });
}

/** An error that lists all faults of a document in one line. */
export function invalid(source: DocumentSource, faults: readonly BundleFault[]): BundleError {
  const texts = faults
    .slice(0, maximumShownFaults)
    .map(({ pointer, message }) => (pointer === "" ? message : `${onOneLine(pointer)}: ${message}`));
  if (faults.length > texts.length) texts.push(`and ${faults.length - texts.length} more`);
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  const message = `${subject(source)}: ${source.name} has ${count}: ${texts.join("; ")}`;
  return new BundleError("BUNDLE_INVALID", source.path, message, { faults });
}

/** An error about a document that cannot be read at all. */
function unusable(source: DocumentSource, problem: string, cause?: unknown): BundleError {
  const message = `${subject(source)}: ${source.name} ${problem}`;
  return new BundleError("BUNDLE_INVALID", source.path, message, {
    cause,
    faults: [{ pointer: "", message: problem }],
  });
}

function subject({ action, path }: DocumentSource): string {
  return `Cannot ${action} "${onOneLine(path)}"`;
}

function readBytes(file: string, source: DocumentSource): Buffer {
  // Not to wait for a writer if the file is a fifo; Windows has neither.
  const fd = open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0), source);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw unusable(source, "is not a regular file");
    if (stat.size > maximumBytes) {
      throw unusable(source, `has ${stat.size} bytes, more than the ${maximumBytes} that are allowed`);
    }
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function open(file: string, flags: number, source: DocumentSource): number {
  try {
    return openSync(file, flags);
  } catch (error) {
    const code = errnoCode(error);
    if (code !== "ENOENT" && code !== "ENOTDIR") {
      throw unusable(source, `cannot be opened: ${code ?? shown(error)}`, error);
    }
    const message = `${subject(source)}: ${source.absent}`;
    throw new BundleError("BUNDLE_MISSING", source.path, message, { cause: error });
  }
}
