import { ByteWriter } from '../../../../base/bytes.ts';

/** Largest finite time; 0xffffffff would mean "for ever". RFC 2131 §3.3 */
const LONGEST_SECONDS = 0xfffffffe;

/** Options 51, 58 and 59: whole seconds in 32 bits. RFC 2132 §9.2, §9.11, §9.12 */
export function encodeSeconds(seconds: number): Uint8Array {
  return new ByteWriter(4).u32be(whole(seconds)).done();
}

/** Writes the whole option: number, length, seconds. */
export function writeSeconds(w: ByteWriter, option: number, seconds: number): void {
  w.u8(option).u8(4).u32be(whole(seconds));
}

function whole(seconds: number): number {
  return Math.min(Math.max(Math.floor(seconds), 0), LONGEST_SECONDS);
}
