import { FormatError } from "../../format-error.ts";

/** Where in an image something is; numbers as ext4 counts them. */
export interface ImagePlace {
  group?: number;
  inode?: number;
  block?: number;
}

/** Something in an ext4 image is not what the format prescribes. */
export class ImageFault extends FormatError {
  readonly place: ImagePlace;
  /** What was found, without the place. */
  readonly found: string;

  constructor(found: string, place: ImagePlace = {}, hint?: string) {
    const message = `Cannot read the ext4 image: ${placeText(place)}${found}`;
    super(message, hint === undefined ? {} : { hint });
    this.place = place;
    this.found = found;
  }
}

/** Tells a place before what was found there; empty if it is the image as a whole. */
export function placeText({ group, inode, block }: ImagePlace): string {
  const parts: string[] = [];
  if (group !== undefined) parts.push(`group ${group}`);
  if (inode !== undefined) parts.push(`inode ${inode}`);
  if (block !== undefined) parts.push(`block ${block}`);
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}

/** Tells two checksums that should be the same. */
export function checksumText(what: string, found: number, expected: number): string {
  return `the checksum of ${what} is 0x${found.toString(16)} instead of 0x${expected.toString(16)}`;
}
