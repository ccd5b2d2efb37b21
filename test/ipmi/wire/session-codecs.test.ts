import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { getChannelCipherSuites } from '../../../src/ipmi/commands/app/get-channel-cipher-suites.ts';
import { getSessionInfo } from '../../../src/ipmi/commands/app/get-session-info.ts';
import { activateSession } from '../../../src/ipmi/lan15/activate-session.ts';
import { getSessionChallenge } from '../../../src/ipmi/lan15/get-session-challenge.ts';
import { type AsfMessage, decodeAsf, encodeAsf, noMakerIana } from '../../../src/ipmi/wire/asf.ts';
import { decodeLan15, encodeLan15, lan15AuthType } from '../../../src/ipmi/wire/lan15-packet.ts';
import { encodeRmcp, rmcpClass } from '../../../src/ipmi/wire/rmcp.ts';
import { describeCodec } from '../../support/codec-properties.ts';

const byte = fc.nat(255);
const nibble = fc.nat(15);
const u32 = fc.nat(0xffff_ffff);
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const upTo = (length: number) => fc.uint8Array({ maxLength: length });
const sixBits = fc.nat(63);

describeCodec<AsfMessage | undefined>({
  name: 'ASF presence message',
  values: fc.oneof(
    fc.record({ kind: fc.constant('ping' as const), tag: byte }),
    fc.record({
      kind: fc.constant('pong' as const),
      tag: byte,
      oemIana: u32,
      oemData: u32,
      supportsIpmi: fc.boolean(),
      asfVersion: nibble,
      supportsSecureAsf: fc.boolean(),
      supportsDash: fc.boolean(),
    }),
  ),
  encode: (message) => (message ? encodeAsf(message) : new Uint8Array()),
  // Other ASF messages are nothing to us; the property asks for anything but null.
  decode: decodeAsf,
});

const session15 = { sequence: u32, sessionId: u32, payload: upTo(255) };
describeCodec({
  name: 'IPMI 1.5 session packet',
  values: fc.oneof(
    fc.record({ ...session15, authType: fc.constant(lan15AuthType.none), authCode: exactly(0) }),
    fc.record({ ...session15, authType: fc.integer({ min: 1, max: 5 }), authCode: exactly(16) }),
  ),
  encode: encodeLan15,
  decode: decodeLan15,
});

describeCodec({
  name: 'Get Channel Cipher Suites request',
  values: fc.record({ channel: nibble, payloadType: sixBits, index: sixBits }),
  encode: getChannelCipherSuites.encodeRequest,
  decode: getChannelCipherSuites.decodeRequest,
});

describeCodec({
  name: 'Get Channel Cipher Suites reply',
  values: fc.record({ channel: byte, records: upTo(16) }),
  encode: getChannelCipherSuites.encodeReply,
  decode: getChannelCipherSuites.decodeReply,
});

const name = fc.uint8Array({ maxLength: 16, min: 1 });
describeCodec({
  name: 'Get Session Challenge request',
  values: fc.record({ authType: nibble, username: name }),
  encode: getSessionChallenge.encodeRequest,
  decode: getSessionChallenge.decodeRequest,
});

describeCodec({
  name: 'Get Session Challenge reply',
  values: fc.record({ temporaryId: u32, challenge: exactly(16) }),
  encode: getSessionChallenge.encodeReply,
  decode: getSessionChallenge.decodeReply,
});

describeCodec({
  name: 'Activate Session request',
  values: fc.record({
    authType: nibble,
    maxPrivilege: nibble,
    challenge: exactly(16),
    outboundSequence: u32,
  }),
  encode: activateSession.encodeRequest,
  decode: activateSession.decodeRequest,
});

describeCodec({
  name: 'Activate Session reply',
  values: fc.record({ authType: nibble, sessionId: u32, inboundSequence: u32, maxPrivilege: nibble }),
  encode: activateSession.encodeReply,
  decode: activateSession.decodeReply,
});

const console = fc.record({ ip: exactly(4), mac: exactly(6), port: fc.nat(0xffff) });
describeCodec({
  name: 'Get Session Info reply',
  values: fc.oneof(
    fc.record({
      handle: fc.constant(0),
      possible: sixBits,
      active: sixBits,
      session: fc.constant(undefined),
    }),
    fc.record({
      handle: fc.integer({ min: 1, max: 255 }),
      possible: sixBits,
      active: sixBits,
      session: fc.record({
        userId: sixBits,
        privilege: nibble,
        channel: nibble,
        protocol: nibble,
        console: fc.option(console, { nil: undefined }),
      }),
    }),
  ),
  encode: getSessionInfo.encodeReply,
  decode: getSessionInfo.decodeReply,
});

describeCodec({
  name: 'Get Session Info request',
  values: fc.oneof(fc.constant('own' as const), fc.integer({ min: 1, max: 255 })),
  encode: getSessionInfo.encodeRequest,
  decode: getSessionInfo.decodeRequest,
});

describe('bytes that the standard and other programs know', () => {
  it('a presence ping, as ipmitool sends it', () => {
    const body = encodeAsf({ kind: 'ping', tag: 0 });
    const ping = encodeRmcp({ sequence: 0xff, messageClass: rmcpClass.asf, isAck: false, body });
    expect(toHex(ping)).toBe('0600ff06000011be80000000');
  });

  it('a presence pong, as IPMI 2.0 §13.2.4 has it', () => {
    expect(decodeAsf(fromHex('000011be40000010000011be000000008100000000000000'))).toEqual({
      kind: 'pong',
      tag: 0,
      oemIana: noMakerIana,
      oemData: 0,
      supportsIpmi: true,
      asfVersion: 1,
      supportsSecureAsf: false,
      supportsDash: false,
    });
  });

  it('another ASF message is no presence message', () => {
    expect(decodeAsf(fromHex('000011be11000000'))).toBeUndefined();
  });

  it('no whole IPMI 1.5 datagram has one of the unlucky lengths. IPMI 2.0 §13.6, table 13-8', () => {
    for (let length = 0; length <= 255; length++) {
      const payload = new Uint8Array(length);
      for (const authType of [lan15AuthType.none, lan15AuthType.md5]) {
        const authCode = new Uint8Array(authType === lan15AuthType.none ? 0 : 16);
        const bytes = encodeLan15({ authType, sequence: 1, sessionId: 1, authCode, payload });
        expect([56, 84, 112, 128, 156]).not.toContain(4 + bytes.length);
        expect(decodeLan15(bytes).payload.length).toBe(length);
      }
    }
  });
});
