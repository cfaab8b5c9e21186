import type { VirtualSmbShare, VirtualSmbShareOptions } from "../../../schema/hcs.ts";

/** How a Windows guest may use a share. */
export interface VsmbUse {
  isReadOnly: boolean;
  /** Layers are read with backup privilege, past the permissions of their files. */
  isLayer?: boolean;
  /** Whether no file may be mapped into the guest's memory, as with devices that need physical memory. */
  noDirectMap?: boolean;
}

/** The options of a share. */
export function vsmbOptions({
  isReadOnly,
  isLayer = false,
  noDirectMap = false,
}: VsmbUse): VirtualSmbShareOptions {
  return {
    ...(isReadOnly ? { ReadOnly: true, ShareRead: true, CacheIo: true, PseudoOplocks: true } : {}),
    ...(isLayer ? { TakeBackupPrivilege: true } : {}),
    ...(noDirectMap ? { NoDirectmap: true } : {}),
  };
}

/** The name of a share. @param number counts the shares of the VM, from 1 */
export function vsmbShareName(number: number): string {
  return `s${number.toString(16)}`;
}

/** A folder that a Windows guest sees. */
export function vsmbShare(name: string, hostPath: string, use: VsmbUse): VirtualSmbShare {
  return { Name: name, Path: hostPath, Options: vsmbOptions(use) };
}
