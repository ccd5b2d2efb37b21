import * as fc from 'fast-check';
import { decodeIpmiMessage, encodeIpmiMessage } from '../../../src/ipmi/wire/ipmi-message.ts';
import {
  decodeOpenSessionRequest,
  decodeOpenSessionResponse,
  encodeOpenSessionRequest,
  encodeOpenSessionResponse,
} from '../../../src/ipmi/wire/open-session.ts';
import { decodeRakp1, encodeRakp1 } from '../../../src/ipmi/wire/rakp1.ts';
import { decodeRakp2, encodeRakp2 } from '../../../src/ipmi/wire/rakp2.ts';
import { decodeRakp3, encodeRakp3 } from '../../../src/ipmi/wire/rakp3.ts';
import { decodeRakp4, encodeRakp4 } from '../../../src/ipmi/wire/rakp4.ts';
import { decodeRmcp, encodeRmcp } from '../../../src/ipmi/wire/rmcp.ts';
import {
  decodeSessionPacket,
  encodeSessionPacket,
  payloadType,
  type SessionPacket,
} from '../../../src/ipmi/wire/session-packet.ts';
import { decodeSessionless, encodeSessionless } from '../../../src/ipmi/wire/sessionless-packet.ts';
import { describeCodec } from '../../support/codec-properties.ts';

const byte = fc.nat(255);
const u32 = fc.nat(0xffff_ffff);
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const upTo = (length: number) => fc.uint8Array({ maxLength: length });
const nibble = fc.nat(15);
const status = fc.integer({ min: 1, max: 255 });
const algorithm = fc.nat(0x3f);
const algorithms = fc.record({ authentication: algorithm, integrity: algorithm, confidentiality: algorithm });
const accepted = fc.constant('accepted' as const);
const refused = fc.constant('refused' as const);

describeCodec({
  name: 'RMCP packet',
  values: fc.record({ sequence: byte, messageClass: fc.nat(31), isAck: fc.boolean(), body: upTo(300) }),
  encode: encodeRmcp,
  decode: decodeRmcp,
});

describeCodec({
  name: 'IPMI 1.5 packet outside a session',
  values: fc.record({ sequence: u32, sessionId: u32, payload: upTo(255) }),
  encode: encodeSessionless,
  decode: decodeSessionless,
});

const codeBytes = 12;
describeCodec<SessionPacket & { readonly authCode: Uint8Array }>({
  name: 'RMCP+ packet',
  values: fc
    .record({
      payloadType: fc.nat(0x3f).filter((type) => type !== payloadType.oemExplicit),
      encrypted: fc.boolean(),
      authenticated: fc.boolean(),
      sessionId: u32,
      sequence: u32,
      payload: upTo(300),
      authCode: exactly(codeBytes),
    })
    .map((packet) => ({ ...packet, authCode: packet.authenticated ? packet.authCode : new Uint8Array() })),
  encode: ({ authCode, ...packet }) => Uint8Array.from([...encodeSessionPacket(packet), ...authCode]),
  decode(bytes) {
    const { signed: _, ...packet } = decodeSessionPacket(bytes, codeBytes);
    return packet;
  },
});

describeCodec({
  name: 'IPMI message',
  values: fc.record({
    toAddr: byte,
    toLun: fc.nat(3),
    netFn: fc.nat(63),
    fromAddr: byte,
    fromLun: fc.nat(3),
    rqSeq: fc.nat(63),
    cmd: byte,
    data: upTo(200),
  }),
  encode: encodeIpmiMessage,
  decode: decodeIpmiMessage,
});

describeCodec({
  name: 'Open Session Request',
  values: fc.record({ tag: byte, maxPrivilege: nibble, consoleSessionId: u32, algorithms }),
  encode: encodeOpenSessionRequest,
  decode: decodeOpenSessionRequest,
});

describeCodec({
  name: 'Open Session Response',
  values: fc.oneof(
    fc.record({
      kind: accepted,
      tag: byte,
      maxPrivilege: nibble,
      consoleSessionId: u32,
      bmcSessionId: u32,
      algorithms,
    }),
    fc.record({ kind: refused, tag: byte, status }),
  ),
  encode: encodeOpenSessionResponse,
  decode: decodeOpenSessionResponse,
});

describeCodec({
  name: 'RAKP 1',
  values: fc.record({
    tag: byte,
    bmcSessionId: u32,
    consoleRandom: exactly(16),
    role: byte,
    username: upTo(16),
  }),
  encode: encodeRakp1,
  decode: decodeRakp1,
});

describeCodec({
  name: 'RAKP 2',
  values: fc.oneof(
    fc.record({
      kind: accepted,
      tag: byte,
      consoleSessionId: u32,
      bmcRandom: exactly(16),
      bmcGuid: exactly(16),
      authCode: upTo(32),
    }),
    fc.record({ kind: refused, tag: byte, status, consoleSessionId: u32 }),
  ),
  encode: encodeRakp2,
  decode: decodeRakp2,
});

describeCodec({
  name: 'RAKP 3',
  values: fc.oneof(
    fc.record({ kind: accepted, tag: byte, bmcSessionId: u32, authCode: upTo(32) }),
    fc.record({ kind: refused, tag: byte, status, bmcSessionId: u32 }),
  ),
  encode: encodeRakp3,
  decode: decodeRakp3,
});

describeCodec({
  name: 'RAKP 4',
  values: fc.oneof(
    fc.record({ kind: accepted, tag: byte, consoleSessionId: u32, icv: upTo(32) }),
    fc.record({ kind: refused, tag: byte, status, consoleSessionId: u32 }),
  ),
  encode: encodeRakp4,
  decode: decodeRakp4,
});
