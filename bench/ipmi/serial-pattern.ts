const period = 7919;

/** What a machine's serial port sends again and again: printable, and so long that nothing lost hides behind a repetition. */
const text = Array.from({ length: period }, (_, at) =>
  String.fromCharCode(33 + ((at * at + (at >> 3)) % 94)),
).join('');
const twice = text + text;
const bytes = new TextEncoder().encode(twice);

/** The characters from `offset` on, at most a period of them. */
export const patternText = (offset: number, length: number): string =>
  twice.slice(offset % period, (offset % period) + Math.min(length, period));

/** How many of `data` are not what belongs at `offset`. */
export function wrongAt(offset: number, data: Uint8Array): number {
  const expected = bytes.subarray(offset % period, (offset % period) + data.length);
  if (Buffer.compare(expected, data) === 0) return 0;
  return data.reduce((wrong, byte, at) => wrong + (byte === expected[at] ? 0 : 1), 0);
}
