import { readBytes, type ByteSink, type ByteSource } from "../byte-io.ts";

const CHUNK_SIZE = 1024 * 1024;

/** Makes `length` bytes from `position` zeros; those that are keep what room they take, be it none. */
export function writeZeros(bytes: ByteSource & ByteSink, position: number, length: number): void {
  const zeros = Buffer.alloc(Math.min(length, CHUNK_SIZE));
  for (let done = 0; done < length; done += CHUNK_SIZE) {
    const part = zeros.subarray(0, Math.min(CHUNK_SIZE, length - done));
    if (!readBytes(bytes, position + done, part.length).equals(part)) bytes.write([part], position + done);
  }
}
