import type { OciConfig } from "../schema/oci.ts";
import { parseJson } from "../base/lossless-json.ts";
import { parseSignal } from "../oci/signals.ts";
import { parseWindowsSignal } from "../oci/windows-signals.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Reads a signal in the terms of the operating system in a container.
 *
 * @returns its number there
 * @throws {UsageError | ContainerStateError}
 */
export function readSignal({ windows, store }: Runtime, id: string, text: string): number {
  if (windows === undefined) return parseSignal(text);
  const { linux } = parseJson(store.loadConfiguration(id)) as OciConfig;
  return linux === undefined ? parseWindowsSignal(text) : parseSignal(text);
}
