import { randomUUID } from "node:crypto";

const PATTERN = /^\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?$/i;

/** Reads a UUID as people write it, with or without hyphens and braces. @returns 16 bytes, undefined if it is none */
export function parseUuid(text: string): Buffer | undefined {
  return PATTERN.test(text) ? Buffer.from(text.replaceAll(/[{}-]/g, ""), "hex") : undefined;
}

/**
 * Writes the 16 bytes of a UUID as people do.
 *
 * @example formatUuid(Buffer.alloc(16)) // "00000000-0000-0000-0000-000000000000"
 */
export function formatUuid(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString("hex");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Makes a random UUID. @returns 16 bytes */
export function randomUuid(): Buffer {
  return Buffer.from(randomUUID().replaceAll("-", ""), "hex");
}
