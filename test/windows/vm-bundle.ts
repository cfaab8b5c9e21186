// Bundles of containers in utility VMs.
import * as fs from "node:fs";
import { join } from "node:path";
import type { OciConfig, OciProcess } from "../../src/schema/oci.ts";
import type { CommandLine } from "./command-line.ts";

/** A layer of both kinds of containers, with the image of a Windows VM. */
export function baseLayer({ folder }: CommandLine): string {
  const base = join(folder, "base");
  fs.mkdirSync(join(base, "UtilityVM", "Files"), { recursive: true });
  fs.writeFileSync(join(base, "UtilityVM", "SystemTemplate.vhdx"), "vhdxfile");
  fs.writeFileSync(join(base, "layer.vhd"), "conectix");
  return base;
}

/** A bundle for a container in a VM, with a scratch of its own. */
export function vmBundle(
  place: CommandLine,
  guest: "windows" | "linux",
  words: readonly string[] = ["silent"],
  changes: Partial<OciConfig> = {},
): string {
  const scratch = fs.mkdtempSync(join(place.folder, "scratch-"));
  fs.writeFileSync(join(scratch, "sandbox.vhdx"), "vhdxfile");
  const layerFolders = [baseLayer(place), scratch];
  const process: Partial<OciProcess> = guest === "linux" ? { cwd: "/" } : {};
  const windows = { layerFolders, ...(guest === "windows" ? { hyperv: {} } : {}) };
  const kind: Partial<OciConfig> = guest === "linux" ? { linux: {}, windows } : { windows };
  return place.bundle(words, { root: { path: "" }, ...kind, ...changes }, process);
}
