import type { OciConfig } from "../../schema/oci.ts";
import { documentFault } from "./fault.ts";

/**
 * What a configuration for a Windows host asks for: a Windows container that shares the host's kernel, one with a
 * utility VM, or a Linux container in a utility VM.
 */
export type ContainerKind = "argon" | "xenon" | "lcow";

/** Tells the kind of a container. @throws {BundleError} if the configuration is not for a Windows host */
export function containerKind({ linux, windows }: Pick<OciConfig, "linux" | "windows">): ContainerKind {
  if (windows === undefined) throw documentFault(["windows"], "is missing");
  if (linux !== undefined) return "lcow";
  return windows.hyperv === undefined ? "argon" : "xenon";
}
