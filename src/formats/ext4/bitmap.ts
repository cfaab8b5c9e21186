/** Clears bits `from` to `to` (not included) of a bitmap whose lowest bit comes first. */
export function clearBits(bitmap: Buffer, from: number, to: number): void {
  let bit = from;
  for (; bit < to && bit % 8 !== 0; bit++) clearBit(bitmap, bit);
  const wholeEnd = Math.max(bit, to - (to % 8));
  bitmap.fill(0, bit >>> 3, wholeEnd >>> 3);
  for (bit = wholeEnd; bit < to; bit++) clearBit(bitmap, bit);
}

function clearBit(bitmap: Buffer, bit: number): void {
  bitmap[bit >>> 3] = (bitmap[bit >>> 3] ?? 0) & ~(1 << (bit & 7));
}
