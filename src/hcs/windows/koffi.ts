/**
 * Opens koffi's addon for Windows.
 *
 * As on Linux the addon is the file `koffi.node` beside the program, because a bundle cannot resolve packages;
 * in a checkout it comes from node_modules.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type koffiModule from "koffi";
import { PlatformError } from "../../base/errors.ts";

/** The calls of koffi. */
export type Koffi = typeof koffiModule;

/** A library that koffi has opened. */
export type NativeLibrary = ReturnType<Koffi["load"]>;

/**
 * Most asynchronous calls and calls from foreign threads at once. Beyond it koffi would end the process, as it
 * raises an error on the foreign thread. The service calls from a pool of at most 500 threads.
 */
const MOST_CALLS = 4096;

/** Sets koffi's limits, which is possible only before it opens the first library. */
export function configureKoffi(koffi: Koffi): Koffi {
  koffi.config({ max_async_calls: MOST_CALLS });
  return koffi;
}

/**
 * Loads the addon into this process.
 *
 * FFI: the addon stays loaded until the process ends, and belongs to the thread that loads it.
 *
 * @throws {PlatformError} PLATFORM_MISSING
 */
export function loadKoffi(): Koffi {
  const addon: { exports: unknown } = { exports: {} };
  process.dlopen(addon, koffiPath(import.meta.dirname));
  return configureKoffi(addon.exports as Koffi);
}

function koffiPath(here: string): string {
  const target = `win32_${process.arch}`;
  const packaged = join("node_modules", "@koromix", `koffi-win32-${process.arch}`, target, "koffi.node");
  const candidates = [join(dirname(process.execPath), "koffi.node"), join(here, "koffi.node")];
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder))
    candidates.push(join(folder, packaged));
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new PlatformError(
    "PLATFORM_MISSING",
    `Cannot open the libraries of Windows: koffi.node was not found in "${here}"`,
    { hint: "Run npm run build, or install runhcs again" },
  );
}
