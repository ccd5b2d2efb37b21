import { createCipheriv } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, WireError } from '../../../src/base/bytes.ts';
import { decryptPayload, encryptPayload } from '../../../src/ipmi/crypto/aes-cbc.ts';
import { deriveKeys, rakp2AuthCode, rakp3AuthCode, rakp4Icv } from '../../../src/ipmi/crypto/rakp.ts';
import { suites } from '../../../src/ipmi/crypto/suite.ts';
import { decodeHandshakeReply } from '../../../src/ipmi/session/handshake-replies.ts';
import { openDatagram, rakp1Datagram, rakp3Datagram } from '../../../src/ipmi/session/handshake-requests.ts';
import { loginOf } from '../../../src/ipmi/session/login.ts';
import { ipmiBody, seal, unseal } from '../../../src/ipmi/session/sealed.ts';
import { defaultTiming } from '../../../src/ipmi/session/timing.ts';
import { decodeIpmiMessage, encodeIpmiMessage } from '../../../src/ipmi/wire/ipmi-message.ts';
import { decodeSessionPacket, payloadType } from '../../../src/ipmi/wire/session-packet.ts';
import type { IpmitoolTrace } from '../../support/ipmitool-trace.ts';

interface Vector extends IpmitoolTrace {
  readonly username: string;
  readonly password: string;
  /** Number of the cipher suite; 3 where it is not named. */
  readonly suite?: number;
  /** K_G in hex. */
  readonly kg?: string;
}

const folder = join(import.meta.dirname, '../../fixtures/ipmi');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

it('finds its vectors', () => {
  expect(files.length).toBeGreaterThanOrEqual(9);
});

/** Bytes that ipmitool and a BMC (ipmi_sim, or ours where that lacks the suite) made, keys as ipmitool computed them; test/interop/ipmi-ipmitool.test.ts wrote them. */
describe.each(files)('%s', (file) => {
  const vector = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Vector;
  const text = new TextEncoder();
  const suite = suites.get(vector.suite ?? 3);
  if (suite === undefined) throw new Error('a vector of an unknown suite');
  const facts = {
    ...vector,
    consoleRandom: fromHex(vector.consoleRandom),
    bmcRandom: fromHex(vector.bmcRandom),
    bmcGuid: fromHex(vector.bmcGuid),
    username: text.encode(vector.username),
    password: text.encode(vector.password),
    kg: vector.kg === undefined ? undefined : fromHex(vector.kg),
  };
  const keys = deriveKeys(suite, facts);

  it('gives the RAKP codes and keys of ipmitool', () => {
    expect(toHex(rakp2AuthCode(suite, facts))).toBe(vector.rakp2AuthCode);
    expect(toHex(rakp3AuthCode(suite, facts))).toBe(vector.rakp3AuthCode);
    expect(toHex(keys.sik)).toBe(vector.sik);
    expect(toHex(keys.k1)).toBe(vector.k1);
    expect(toHex(keys.k2)).toBe(vector.k2);
    expect(toHex(rakp4Icv(suite, keys.sik, facts))).toBe(vector.rakp4Icv);
  });

  it('depends on every input', () => {
    const codes = (other: Partial<typeof facts>): string =>
      toHex(rakp2AuthCode(suite, { ...facts, ...other }));
    const others = [
      codes({ password: text.encode('other') }),
      codes({ username: text.encode('other') }),
      codes({ role: facts.role ^ 1 }),
      codes({ consoleSessionId: facts.consoleSessionId ^ 1 }),
      codes({ bmcSessionId: facts.bmcSessionId ^ 1 }),
      codes({ bmcGuid: new Uint8Array(16) }),
      codes({ bmcRandom: new Uint8Array(16) }),
      codes({ consoleRandom: new Uint8Array(16) }),
    ];
    expect(new Set([vector.rakp2AuthCode, ...others]).size).toBe(others.length + 1);
    const sik = (kg: Uint8Array | undefined): string => toHex(deriveKeys(suite, { ...facts, kg }).sik);
    const siks = [sik(text.encode('a')), sik(text.encode('b')), sik(undefined)];
    expect(new Set(siks).size).toBe(3);
    // Zeros behind a key are no part of it.
    expect(sik(Uint8Array.of(7, 0, 0))).toBe(sik(Uint8Array.of(7)));
  });

  it('makes the handshake datagrams that ipmitool sent', () => {
    const privilege = (['', '', 'user', 'operator', 'administrator'] as const)[facts.role & 0x0f];
    if (privilege === undefined || privilege === '') throw new Error('a role that is not in use');
    const { username, password } = vector;
    const kg = vector.kg === undefined ? {} : { kg: `0x${vector.kg}` };
    const target = { address: '127.0.0.1', port: 623, username, password, cipherSuite: suite.id, ...kg };
    const login = loginOf({ ...target, privilege }, defaultTiming);
    expect(login.role).toBe(facts.role);
    const attempt = {
      login,
      suite,
      tag: 0,
      consoleSessionId: facts.consoleSessionId,
      consoleRandom: facts.consoleRandom,
    };
    const [, open, ...rakp] = vector.handshake
      .filter(({ from }) => from === 'console')
      .map(({ datagram }) => datagram);
    // ipmitool puts the level of its -L option here and 0 without one; ours is always 0.
    const maxPrivilege = vector.maxPrivilege.toString(16).padStart(2, '0');
    const at = 2 * (4 + 12 + 1);
    expect(open?.slice(at, at + 2)).toBe(maxPrivilege);
    expect(`${open?.slice(0, at)}00${open?.slice(at + 2)}`).toBe(toHex(openDatagram(attempt)));
    expect(rakp).toEqual([
      toHex(rakp1Datagram(attempt, facts.bmcSessionId)),
      toHex(rakp3Datagram(0, facts.bmcSessionId, rakp3AuthCode(suite, facts))),
    ]);
  });

  it('reads the handshake datagrams that the BMC sent', () => {
    const received = vector.handshake
      .filter(({ from }) => from === 'bmc')
      .map(({ datagram }) =>
        decodeHandshakeReply(fromHex(datagram), suite, undefined, facts.consoleSessionId),
      );
    const { consoleSessionId, bmcSessionId, bmcRandom, bmcGuid } = facts;
    expect(received).toEqual([
      {
        kind: 'capabilities',
        facts: expect.objectContaining({ supportsIpmi20: true, kgSet: vector.kg !== undefined }),
      },
      {
        kind: 'open',
        message: {
          kind: 'accepted',
          tag: 0,
          maxPrivilege: expect.any(Number),
          consoleSessionId,
          bmcSessionId,
          algorithms: suite.algorithms,
        },
      },
      {
        kind: 'rakp2',
        message: {
          kind: 'accepted',
          tag: 0,
          consoleSessionId,
          bmcRandom,
          bmcGuid,
          authCode: fromHex(vector.rakp2AuthCode),
        },
      },
      {
        kind: 'rakp4',
        message: { kind: 'accepted', tag: 0, consoleSessionId, icv: fromHex(vector.rakp4Icv) },
      },
    ]);
  });

  it('opens every session datagram of both sides, and seals them to the same bytes', () => {
    expect(vector.session.length).toBeGreaterThanOrEqual(4);
    for (const { from, datagram, plain } of vector.session) {
      const own = from === 'console' ? facts.bmcSessionId : facts.consoleSessionId;
      const bytes = fromHex(datagram);
      const opened = unseal({ suite, keys }, own, bytes);
      if (opened.kind === 'drop') throw new Error(`dropped: ${opened.reason}`);
      expect(opened.payloadType).toBe(payloadType.ipmi);
      expect(plain.startsWith(toHex(opened.payload))).toBe(true);
      expect(toHex(encodeIpmiMessage(decodeIpmiMessage(opened.payload)))).toBe(toHex(opened.payload));

      const iv = decodeSessionPacket(ipmiBody(bytes) ?? new Uint8Array(), suite.authCodeBytes).payload.slice(
        0,
        16,
      );
      expect(toHex(seal({ suite, keys }, { ...opened, to: own }, iv))).toBe(datagram);
    }
  });

  it('refuses a session datagram with one bit changed anywhere', () => {
    const { datagram } = vector.session[0] ?? { datagram: '' };
    const whole = fromHex(datagram);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = whole.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      // The second RMCP byte is reserved and the third is for acknowledges: nobody signs them, and nothing depends on them. IPMI 2.0 §13.1.3
      if (bit >> 3 === 1 || bit >> 3 === 2 || (bit >> 3 === 3 && (bit & 7) > 4 && (bit & 7) < 7)) continue;
      let kind = 'malformed';
      try {
        kind = unseal({ suite, keys }, facts.bmcSessionId, bytes).kind;
      } catch {
        continue;
      }
      expect({ bit, kind }).toEqual({ bit, kind: 'drop' });
    }
  });
});

describe('AES-CBC-128 payloads', () => {
  const key = new Uint8Array(16).fill(7);
  const iv = new Uint8Array(16).fill(9);

  it.each([0, 1, 14, 15, 16, 17, 31, 32])(
    'pads %i bytes to whole blocks and takes the padding off',
    (length) => {
      const data = new Uint8Array(length).fill(0xab);
      const payload = encryptPayload(key, iv, data);
      expect(payload.length % 16).toBe(0);
      expect(payload.length).toBe(16 + 16 * Math.ceil((length + 1) / 16));
      expect(decryptPayload(key, payload)).toEqual(data);
    },
  );

  it.each([
    ['16 as its length', [...Array.from({ length: 15 }, (_, i) => i + 1), 16]],
    ['other bytes than 1, 2, 3', [0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9]],
    ['a length over what is there', Array.from({ length: 16 }, () => 0xff)],
  ])('refuses a padding with %s', (_, plain) => {
    const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
    const payload = Uint8Array.from([...iv, ...cipher.update(Uint8Array.from(plain)), ...cipher.final()]);
    expect(() => decryptPayload(key, payload)).toThrow(WireError);
  });

  it('refuses what is not whole blocks, or has no block at all', () => {
    const payload = encryptPayload(key, iv, new Uint8Array(20));
    for (const length of [0, 15, 16, 17, 47])
      expect(() => decryptPayload(key, payload.subarray(0, length))).toThrow(WireError);
  });
});
