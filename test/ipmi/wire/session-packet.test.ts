import { describe, expect, it } from 'vitest';
import { decodeSessionPacket, encodeSessionPacket } from '../../../src/ipmi/wire/session-packet.ts';

const codeBytes = 12;
const authCode = Array.from({ length: codeBytes }, (_, i) => i);

function authenticated(payload: number[]): Uint8Array {
  const packet = { payloadType: 0, encrypted: true, authenticated: true, sessionId: 1, sequence: 1 };
  return encodeSessionPacket({ ...packet, payload: Uint8Array.from(payload) });
}

/** The trailer of an authenticated packet: integrity pad, pad length, next header, auth code. IPMI 2.0 §13.6, table 13-8 */
describe('session trailer', () => {
  it.each([0, 1, 2, 3, 4, 5])('pads a payload of %i bytes so that whole words are signed', (length) => {
    const signed = authenticated(Array.from({ length }, () => 9));
    expect(signed.length % 4).toBe(0);
    const pad = signed.length - 12 - length - 2;
    expect([...signed.subarray(12 + length)]).toEqual([
      ...Array.from({ length: pad }, () => 0xff),
      pad,
      0x07,
    ]);
  });

  it('the auth code covers everything behind the RMCP header, as it was received', () => {
    const signed = authenticated([1, 2, 3]);
    const packet = decodeSessionPacket(Uint8Array.from([...signed, ...authCode]), codeBytes);
    expect(packet.signed).toEqual(signed);
    expect([...packet.authCode]).toEqual(authCode);
  });

  it.each([
    ['a pad length that is not the pad there is', (bytes: number[]) => bytes.with(bytes.length - 2, 9)],
    ['another next header', (bytes: number[]) => bytes.with(bytes.length - 1, 8)],
    ['no trailer', (bytes: number[]) => bytes.slice(0, 15)],
  ])('refuses %s', (_, damage) => {
    const bytes = Uint8Array.from([...damage([...authenticated([1, 2, 3])]), ...authCode]);
    expect(() => decodeSessionPacket(bytes, codeBytes)).toThrow(/session\./);
  });

  it('refuses OEM payloads, whose header is longer', () => {
    const bytes = encodeSessionPacket({
      payloadType: 2,
      encrypted: false,
      authenticated: false,
      sessionId: 0,
      sequence: 0,
      payload: new Uint8Array(20),
    });
    expect(() => decodeSessionPacket(bytes, codeBytes)).toThrow(/OEM/);
  });
});
