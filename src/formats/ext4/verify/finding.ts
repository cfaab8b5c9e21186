import { FormatError, quoteName } from "../../format-error.ts";
import { ImageFault, placeText, type ImagePlace } from "../reader/image-fault.ts";

/** One thing that is wrong with an image. */
export interface Finding extends ImagePlace {
  /** What is wrong, on one line, without the place. */
  fault: string;
  /** Path of the inode, a byte string, where it is known. */
  path?: string;
}

/** Findings that are told; a badly damaged image has more than anyone reads. */
export const FINDINGS_MAX = 1000;

/** One line that tells where a finding is, and what. */
export function findingText({ path, fault, ...place }: Finding): string {
  return `${placeText(place)}${fault}${path === undefined ? "" : ` (${quoteName(path)})`}`;
}

/** Collects findings, up to a number. */
export class Findings {
  readonly list: Finding[] = [];
  /** How many were found beyond those in the list. */
  more = 0;

  add(fault: string, place: ImagePlace = {}): void {
    if (this.list.length < FINDINGS_MAX) this.list.push({ ...place, fault });
    else this.more++;
  }

  /** Adds what an error of the reader tells; other errors go on. */
  addError(error: unknown, place: ImagePlace = {}): void {
    if (error instanceof ImageFault) this.add(error.found, { ...place, ...error.place });
    else if (error instanceof FormatError) this.add(error.message, place);
    else throw error;
  }

  /** Does something, and adds the fault that it meets. @returns whether it met none */
  guard(place: ImagePlace, action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.addError(error, place);
      return false;
    }
  }
}
