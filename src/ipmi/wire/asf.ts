import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';

/** IANA enterprise number of the ASF forum, in front of every ASF message. IPMI 2.0 §13.2.3 */
const asfIana = 0x11be;
const types = { pong: 0x40, ping: 0x80 } as const;

/** What a managed machine says of itself in a Presence Pong. IPMI 2.0 §13.2.4, table 13-5 */
export interface PresencePong {
  readonly kind: 'pong';
  readonly tag: number;
  /** Enterprise number and data of the maker; `asfIana` and 0 where there is nothing of its own. */
  readonly oemIana: number;
  readonly oemData: number;
  /** It has a BMC that speaks IPMI. */
  readonly supportsIpmi: boolean;
  /** Bits 3:0 of the entities byte: the ASF version, 1 for 1.0 (also of ASF 2.0 machines). */
  readonly asfVersion: number;
  /** ASF 2.0: the security extensions, on a port of their own. */
  readonly supportsSecureAsf: boolean;
  /** DMTF DASH over the same port. */
  readonly supportsDash: boolean;
}

/** Presence Ping or Pong, the body of an RMCP packet of class ASF. IPMI 2.0 §13.2.3, §13.2.4 */
export type AsfMessage = { readonly kind: 'ping'; readonly tag: number } | PresencePong;

/** The number that a pong without maker data has. */
export const noMakerIana = asfIana;

/** Bytes of a ping or pong. */
export function encodeAsf(message: AsfMessage): Uint8Array {
  const w = new ByteWriter(24).u32be(asfIana).u8(types[message.kind]).u8(message.tag).u8(0);
  if (message.kind === 'ping') return w.u8(0).done();
  return w
    .u8(16)
    .u32be(message.oemIana)
    .u32be(message.oemData)
    .u8((message.supportsIpmi ? 0x80 : 0) | (message.asfVersion & 0x0f))
    .u8((message.supportsSecureAsf ? 0x80 : 0) | (message.supportsDash ? 0x20 : 0))
    .fill(6)
    .done();
}

/** Reads a ping or pong; undefined for other ASF messages. WireError when malformed. */
export function decodeAsf(body: Uint8Array): AsfMessage | undefined {
  const r = new ByteReader(body);
  if (r.u32be('asf.iana') !== asfIana) throw new WireError('bad-value', 'asf.iana', 'is not that of ASF');
  const type = r.u8('asf.type');
  const tag = r.u8('asf.tag');
  r.skip(1, 'asf.reserved');
  const data = new ByteReader(r.bytes(r.u8('asf.length'), 'asf.data'));
  if (type === types.ping) return { kind: 'ping', tag };
  if (type !== types.pong) return undefined;
  const oemIana = data.u32be('pong.oemIana');
  const oemData = data.u32be('pong.oemData');
  const entities = data.u8('pong.entities');
  const interactions = data.u8('pong.interactions');
  return {
    kind: 'pong',
    tag,
    oemIana,
    oemData,
    supportsIpmi: (entities & 0x80) !== 0,
    asfVersion: entities & 0x0f,
    supportsSecureAsf: (interactions & 0x80) !== 0,
    supportsDash: (interactions & 0x20) !== 0,
  };
}
