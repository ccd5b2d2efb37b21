/** The bytes with the lowest bit of one changed; a negative `at` counts from the end. */
export function flipBit(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  const index = at < 0 ? bytes.length + at : at;
  changed[index] = (changed[index] ?? 0) ^ 1;
  return changed;
}
