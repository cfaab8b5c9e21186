import { contentRuns } from "./content-runs.ts";
import { ImageFault } from "./image-fault.ts";
import type { Image } from "./image.ts";
import type { InodeView } from "./inode-view.ts";

/**
 * Reads contents that are known to be small as one.
 *
 * @throws {ImageFault} if they have more than `most` bytes or are damaged
 */
export function readWhole(image: Image, inode: InodeView, most: number): Buffer {
  const { size, number } = inode;
  if (size > most)
    throw new ImageFault(`its size is ${size} bytes, at most ${most} are allowed`, { inode: number });
  const whole = Buffer.alloc(size);
  for (const { offset, length, position, bytes } of contentRuns(image, inode)) {
    const target = whole.subarray(offset, offset + length);
    if (bytes !== undefined) target.set(bytes);
    else if (position !== undefined) image.source.read(target, position);
  }
  return whole;
}
