import { MIB, vhdxFault } from "./numbers.ts";

/**
 * What an entry of the block allocation table says of its block; the others of the three bits are not for disks
 * without parent.
 *
 * @see https://learn.microsoft.com/openspecs/windows_protocols/ms-vhdx (2.5.1.1)
 */
const STATE = { notPresent: 0, undefined: 1, zero: 2, unmapped: 3, fullyPresent: 6 } as const;
const STATE_MASK = 7;
/** The position in mebibytes begins at this bit. */
const POSITION_SHIFT = 20;
const HIGH_WORD = 2 ** 32 / 2 ** POSITION_SHIFT;

/** Writes the entry of a block that lies at `position` in the file, a multiple of a mebibyte. */
export function writeBlockEntry(table: Buffer, at: number, position: number): void {
  const unit = position / MIB;
  table.writeUInt32LE((((unit % HIGH_WORD) << POSITION_SHIFT) | STATE.fullyPresent) >>> 0, at);
  table.writeUInt32LE(Math.floor(unit / HIGH_WORD), at + 4);
}

/**
 * Reads an entry.
 *
 * @returns where the block lies in the file, in bytes; undefined if it reads as zeros
 * @throws {FormatError} if the entry is none of a disk without parent
 */
export function readBlockEntry(table: Buffer, at: number): number | undefined {
  const low = table.readUInt32LE(at);
  const state = low & STATE_MASK;
  if (state === STATE.fullyPresent) {
    return (table.readUInt32LE(at + 4) * HIGH_WORD + (low >>> POSITION_SHIFT)) * MIB;
  }
  if (state > STATE.unmapped) throw vhdxFault(`a block of its disk has the state ${state}`);
  return undefined;
}
