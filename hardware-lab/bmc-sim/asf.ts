import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { encodeRmcp, rmcpClass } from '../../src/ipmi/wire/rmcp.ts';

const asfEnterprise = 4542;
const presencePing = 0x80;
const presencePong = 0x40;

/** The pong to an ASF presence ping; undefined for other ASF messages. IPMI 2.0 §13.2.3, §13.2.4 */
export function pongFor(body: Uint8Array): Uint8Array | undefined {
  const r = new ByteReader(body);
  const enterprise = r.u32be('asf.enterprise');
  const type = r.u8('asf.type');
  const tag = r.u8('asf.tag');
  if (enterprise !== asfEnterprise || type !== presencePing) return undefined;
  const pong = new ByteWriter(24)
    .u32be(asfEnterprise)
    .u8(presencePong)
    .u8(tag)
    .u8(0)
    .u8(16)
    .u32be(asfEnterprise)
    .u32be(0)
    // IPMI is supported, ASF version 1.0.
    .u8(0x81)
    .fill(7)
    .done();
  return encodeRmcp({ sequence: 0xff, messageClass: rmcpClass.asf, isAck: false, body: pong });
}
