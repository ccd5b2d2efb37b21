import type { RandomBytes } from '../../base/random.ts';

const ivBytes = 16;
/** Drawn together: a draw costs the same for 16 bytes as for 256, and a console needs hundreds of IVs a second. */
const drawnTogether = 16;

/** Unpredictable IVs of 16 bytes, each used once. IPMI 2.0 §13.29 */
export function createIvSource(random: RandomBytes): () => Uint8Array {
  let drawn: Uint8Array = new Uint8Array();
  let used = 0;
  return () => {
    if (used === drawn.length) {
      drawn = random(ivBytes * drawnTogether);
      used = 0;
    }
    used += ivBytes;
    return drawn.subarray(used - ivBytes, used);
  };
}
