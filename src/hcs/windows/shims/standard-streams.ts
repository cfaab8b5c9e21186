import { createReadStream, createWriteStream, fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { isatty, ReadStream, WriteStream } from "node:tty";
import { ifExists } from "../../../base/files.ts";
import { errnoCode } from "../../../base/errors.ts";

const FILE_TYPE = 0xf000;
const PIPE = 0x1000;

/** Opens a descriptor for reading, as what it is: pipe, terminal, file or device. @returns undefined if it is closed */
export function openInput(fd: number | undefined): Readable | undefined {
  const kind = kindOf(fd);
  if (fd === undefined || kind === undefined) return undefined;
  if (kind === "terminal") return new ReadStream(fd).setRawMode(true);
  if (kind === "pipe") return new Socket({ fd, readable: true, writable: false });
  return createReadStream("", { fd, autoClose: false });
}

/** The same for writing. Nothing waits for a reader on the main thread, so that one full pipe does not stop the others. */
export function openOutput(fd: number | undefined): Writable | undefined {
  const kind = kindOf(fd);
  if (fd === undefined || kind === undefined) return undefined;
  if (kind === "terminal") return new WriteStream(fd);
  if (kind === "pipe") return new Socket({ fd, readable: false, writable: true });
  return createWriteStream("", { fd, autoClose: false });
}

/** Node has no predicate for pipes on Windows, though it tells their type. */
function kindOf(fd: number | undefined): "terminal" | "pipe" | "file" | undefined {
  if (fd === undefined) return undefined;
  try {
    const stat = ifExists(() => fstatSync(fd));
    if (stat === undefined) return undefined;
    if ((stat.mode & FILE_TYPE) === PIPE) return "pipe";
    return isatty(fd) ? "terminal" : "file";
  } catch (error) {
    if (errnoCode(error) === "EBADF") return undefined;
    throw error;
  }
}
