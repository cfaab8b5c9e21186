import { spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { errnoCode, PlatformError } from "../base/errors.ts";
import { FormatError } from "../formats/format-error.ts";

/** How the bytes of a layer are packed. */
export type Compression = "none" | "gzip" | "zstd";

/** Bytes that are decompressed at once. */
const OUTPUT_SIZE = 1024 * 1024;
/** Bytes of the program's complaints that are kept. */
const COMPLAINT_SIZE = 1000;

const MAGICS: readonly [Compression, Buffer][] = [
  ["gzip", Buffer.from([0x1f, 0x8b])],
  ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
];
/** A frame of zstd that is to be skipped may come first; the lowest digit is free. */
const SKIPPABLE = { magic: 0x184d2a50, mask: 0xfffffff0 };

/** What is met in place of a layer and not read: its first bytes, and the program that decompresses it. */
const OTHERS: readonly [name: string, magic: Buffer, program: string][] = [
  ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58]), "xz -dc"],
  ["bzip2", Buffer.from("BZh"), "bzip2 -dc"],
  ["lz4", Buffer.from([0x04, 0x22, 0x4d, 0x18]), "lz4 -dc"],
];

/** Refuses an input by its first bytes if it is compressed in a way that is not read. @throws {FormatError} */
export function requireKnown(start: Buffer): void {
  const found = OTHERS.find(([, magic]) => start.subarray(0, magic.length).equals(magic));
  if (found === undefined) return;
  const [name, , program] = found;
  throw new FormatError(`it is compressed with ${name}, only gzip and zstd are read`, {
    hint: `Decompress it into a pipe: ${program} FILE | runhcs layer import - IMAGE`,
  });
}

/** Bytes that `detectCompression` and `requireKnown` look at. */
export const MAGIC_SIZE = 4;

/** Tells the compression from the first bytes of an input. */
export function detectCompression(start: Buffer): Compression {
  if (start.length >= MAGIC_SIZE && (start.readUInt32LE() & SKIPPABLE.mask) >>> 0 === SKIPPABLE.magic)
    return "zstd";
  const found = MAGICS.find(([, magic]) => start.subarray(0, magic.length).equals(magic));
  return found?.[0] ?? "none";
}

/**
 * Decompresses what comes in chunks; each of them must have memory of its own.
 *
 * @throws {FormatError} whose message is the fault, if the input is damaged or cut short
 * @throws {PlatformError} if nothing here can decompress zstd
 */
export function decompress(kind: "gzip" | "zstd", chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return kind === "gzip" ? inflate(zlib.createGunzip({ chunkSize: OUTPUT_SIZE }), chunks) : unzstd(chunks);
}

async function* inflate(
  stream: NodeJS.ReadWriteStream & Readable,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void> {
  // The stream below tells the same failure.
  const fed = pipeline(Readable.from(chunks, { objectMode: false, highWaterMark: OUTPUT_SIZE }), stream);
  fed.catch(() => undefined);
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw faultOf(error);
  } finally {
    stream.destroy();
  }
}

/** Words for what zlib finds. */
const FAULTS: Record<string, string> = {
  Z_BUF_ERROR: "its compressed data is cut short",
  // The first member's header has been looked at, so this is about what follows it.
  "incorrect header check": "something follows its compressed data that is no gzip",
};

function faultOf(error: unknown): unknown {
  const code = errnoCode(error);
  if (!(error instanceof Error) || code === undefined || !/^(Z_|ZSTD_)/.test(code)) return error;
  const fault = FAULTS[error.message] ?? FAULTS[code] ?? `its compressed data is damaged (${error.message})`;
  return new FormatError(fault, { cause: error });
}

/** Takes the program where there is one: it is twice as fast, and always notices data that is cut short. */
async function* unzstd(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const child = spawn("zstd", ["-dcq"], { stdio: "pipe" });
  try {
    await once(child, "spawn");
  } catch (error) {
    if (errnoCode(error) !== "ENOENT") throw error;
    yield* inflate(zstdStream(), chunks);
    return;
  }
  let complaint = "";
  child.stderr.on(
    "data",
    (text: Buffer) => void (complaint = (complaint + text.toString()).slice(0, COMPLAINT_SIZE)),
  );
  const ended = once(child, "close");
  // Of an input that the program does not want to its end, its own words tell more.
  const fed = pipeline(Readable.from(chunks, { objectMode: false }), child.stdin);
  let failure: unknown;
  fed.catch((error: unknown) => void (failure = errnoCode(error) === "EPIPE" ? undefined : error));
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const [code] = await ended;
    if (failure !== undefined) throw failure;
    if (code !== 0) throw new FormatError(`its compressed data is damaged (${firstLine(complaint)})`);
  } finally {
    child.kill("SIGKILL");
  }
}

function firstLine(text: string): string {
  return (
    text
      .split("\n", 1)[0]
      ?.replace(/^zstd: (?:\/\*stdin\*\\ *: *)?/, "")
      .replace(/[\p{Cc}.]+$/u, "")
      .trim() ?? ""
  );
}

/** Node has it from 22.15 on. */
function zstdStream(): NodeJS.ReadWriteStream & Readable {
  const { createZstdDecompress } = zlib as {
    createZstdDecompress?: (options: { chunkSize: number }) => NodeJS.ReadWriteStream & Readable;
  };
  if (createZstdDecompress !== undefined) return createZstdDecompress({ chunkSize: OUTPUT_SIZE });
  throw new PlatformError("PLATFORM_MISSING", "Cannot decompress zstd: there is no program zstd", {
    hint: "Install zstd, or run with Node 22.15 or later",
  });
}
