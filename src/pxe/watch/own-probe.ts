import { ByteReader } from '../../base/bytes.ts';
import { type Mac, macFromBytes } from '../../base/mac.ts';
import type { RandomBytes } from '../../base/random.ts';

/** Who we are when we look for other servers. */
export interface OwnProbe {
  readonly mac: Mac;
  isOwn(mac: Mac): boolean;
  /** A new transaction id. RFC 2131 §4.1 */
  nextXid(): number;
}

/** A locally administered unicast address (IEEE 802 §8.4), one a process, so that other servers keep one address for it, not many. */
export function createOwnProbe(random: RandomBytes): OwnProbe {
  const bytes = random(6);
  const mac = macFromBytes(bytes.map((byte, index) => (index === 0 ? (byte & 0xfc) | 2 : byte))) as Mac;
  return {
    mac,
    isOwn: (other) => other === mac,
    nextXid: () => new ByteReader(random(4)).u32be('random'),
  };
}
