import { ByteReader } from './bytes.ts';

/** A 48-bit Ethernet address as `aa:bb:cc:dd:ee:ff`, lower case. */
export type Mac = string & { readonly __brand: 'Mac' };

/** Reads `AA:bb-cc...` with colons or dashes, any case; undefined when it is no unicast-or-multicast 48-bit address text. */
export function parseMac(text: string): Mac | undefined {
  const digits =
    /^([0-9a-f]{2})([:-])([0-9a-f]{2})\2([0-9a-f]{2})\2([0-9a-f]{2})\2([0-9a-f]{2})\2([0-9a-f]{2})$/i.exec(
      text.trim(),
    );
  if (!digits) return undefined;
  const [, a, , b, c, d, e, f] = digits;
  return [a, b, c, d, e, f].join(':').toLowerCase() as Mac;
}

/** The address in the first six of `bytes` (chaddr is 16 bytes long); undefined when shorter. */
export function macFromBytes(bytes: Uint8Array): Mac | undefined {
  if (bytes.length < 6) return undefined;
  const r = new ByteReader(bytes);
  const [a, b, c] = [r.u16be('mac'), r.u16be('mac'), r.u16be('mac')];
  // In the path of every DHCP packet, and then a key: joined pieces would have to be put together once more for that.
  return String.fromCharCode(
    digit(a >>> 12),
    digit(a >>> 8),
    COLON,
    digit(a >>> 4),
    digit(a),
    COLON,
    digit(b >>> 12),
    digit(b >>> 8),
    COLON,
    digit(b >>> 4),
    digit(b),
    COLON,
    digit(c >>> 12),
    digit(c >>> 8),
    COLON,
    digit(c >>> 4),
    digit(c),
  ) as Mac;
}

const COLON = 0x3a;

/** ASCII code of the hex digit of the low four bits. */
function digit(value: number): number {
  const low = value & 15;
  return low < 10 ? 0x30 + low : 0x57 + low;
}

/** The six bytes of an address. */
export function macToBytes(mac: Mac): Uint8Array {
  return Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16));
}
