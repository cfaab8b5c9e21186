/**
 * The part of the seam that keeps image layers and makes a container's root file system of them.
 *
 * The names are those of vmcompute's layer functions. A layer is named by the absolute path of its folder. A read-only
 * layer holds one image (Linux: `layer.vhd`), a scratch what a container writes. To use a scratch it is first
 * activated (its disk is mounted), then prepared (laid over its parents), and then it has a mount path.
 *
 * @see https://learn.microsoft.com/virtualization/api/hcs/reference/hcsstorage
 */

/** How far a layer is removed. */
export interface DestroyOptions {
  /** Removes also what is not part of a layer from a folder that is one. */
  force?: boolean;
}

/** Keeps layers of one host. Lists of parents have the top-most layer first. */
export interface LayerStore {
  /** Makes a new, empty read-only layer. @throws {LayerError} LAYER_EXISTS */
  createLayer(path: string, parents: readonly string[]): Promise<void>;
  /** Makes a new scratch for a container over `parents`. @throws {LayerError} LAYER_EXISTS */
  createScratch(path: string, parents: readonly string[], sizeBytes: number): Promise<void>;
  /** Makes a read-only layer of a folder in transport form. @throws {LayerError} */
  importLayer(path: string, source: string, parents: readonly string[]): Promise<void>;
  /** Fills a folder with the transport form of a layer. @throws {LayerError} */
  exportLayer(path: string, target: string, parents: readonly string[]): Promise<void>;
  layerExists(path: string): Promise<boolean>;
  /**
   * Removes a layer with its folder; an absent one is no error.
   *
   * @throws {LayerError} LAYER_BUSY if it is in use, LAYER_FORMAT if it is no layer
   */
  destroyLayer(path: string, options?: DestroyOptions): Promise<void>;
  /** Makes a scratch hold at least `sizeBytes`. @throws {LayerError} LAYER_BUSY while it is mounted */
  expandScratch(path: string, sizeBytes: number): Promise<void>;
  /** Mounts the disk of a layer; uses are counted. @throws {LayerError} */
  activateLayer(path: string): Promise<void>;
  /** Gives one use back; the last one unmounts the disk. @throws {LayerError} LAYER_NOT_FOUND if there is none */
  deactivateLayer(path: string): Promise<void>;
  /** Lays an activated scratch over its parents, and holds those; uses are counted. @throws {LayerError} */
  prepareLayer(path: string, parents: readonly string[]): Promise<void>;
  /** Gives one use back; the last one takes the scratch from its parents. @throws {LayerError} LAYER_NOT_FOUND */
  unprepareLayer(path: string): Promise<void>;
  /** Where the files of a prepared scratch, or of an activated layer, are seen. @throws {LayerError} LAYER_NOT_FOUND */
  mountPath(path: string): Promise<string>;
  /** Shows the files of a mounted layer at an empty folder too, until it is unmounted. @throws {LayerError} */
  showAt(path: string, target: string): Promise<void>;
  /** Ends what `showAt` did; a folder at which nothing is shown is no error. @throws {LayerError} LAYER_BUSY */
  hideFrom(path: string, target: string): Promise<void>;
  /** The mounted layer that a path means: the layer's folder, its mount path, or where it is shown. */
  mountedLayer(path: string): Promise<string | undefined>;
}

/** Makes and enlarges the disks of scratches, for a host whose compute service does not do that itself. */
export interface ScratchDisks {
  /** The name of the file in the scratch's folder. */
  readonly fileName: "sandbox.vhdx" | "sandbox.img";
  /** Which kinds of disks it can make larger. */
  readonly enlarges: readonly ("vhdx" | "raw")[];
  /** Writes a new disk with an empty ext4 file system. @throws {RuntimeError} */
  create(file: string, sizeBytes: number): Promise<void>;
  /** Makes a disk and its file system hold at least `sizeBytes`. @throws {RuntimeError} */
  expand(file: string, sizeBytes: number): Promise<void>;
}
