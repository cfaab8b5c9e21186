/** The host for which documents are made: a running one, or one that is only assumed. */
export interface DocumentHost {
  /** Build number of Windows. */
  osBuild: number;
  /** Logical processors in all groups. */
  processors: number;
  /** Gives the GUID of a layer by its folder's base name, as NameToGuid of vmcompute.dll does. */
  layerId(baseName: string): string;
  /** Told of what is changed to fit the host. */
  warn(text: string): void;
}
