import { hexPairs } from './bytes.ts';

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
  return hexPairs(bytes.subarray(0, 6), ':') as Mac;
}

/** The six bytes of an address. */
export function macToBytes(mac: Mac): Uint8Array {
  return Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16));
}
