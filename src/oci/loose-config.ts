import { win32 } from "node:path";
import type { BundleFault } from "../base/errors.ts";
import type { OciConfig } from "../schema/oci.ts";

/**
 * A document of which anything may be missing, but what is there has the right type: what is left of a faulty
 * one without its wrong values. Arrays may have holes, which `forEach`, `filter` and `flatMap` skip.
 */
export type Loose<T> = T extends (infer E)[]
  ? Loose<E>[]
  : T extends object
    ? { [K in keyof T]?: Loose<T[K]> }
    : T;

/** A rule of the specification that its schema cannot state: finds what breaks it. */
export type ConfigCheck = (config: Loose<OciConfig>, bundle: string) => BundleFault[];

/** Whose rules for paths and processes a configuration follows: those of the container's operating system. */
export function hasWindowsRules(config: Loose<OciConfig>): boolean {
  return config.windows !== undefined && config.linux === undefined;
}

/** Tells an absolute path in the container: `/a`, or on Windows `C:\a`, `\\server\a` and `\\.\pipe\a`. */
export function isAbsolutePath(path: string, windowsRules: boolean): boolean {
  return windowsRules ? /^(?:[A-Za-z]:[\\/]|[\\/]{2})/.test(win32.normalize(path)) : path.startsWith("/");
}
