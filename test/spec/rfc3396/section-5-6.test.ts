import { describe, expect, it } from 'vitest';
import { decodeDhcpPacket, fitDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import { readRequest } from '../../../src/pxe/dhcp/request.ts';
import { decide, message, replyOf } from '../../pxe/dhcp/client.ts';

const blank = decodeDhcpPacket(message({ type: 'none' }));

describe('RFC 3396 §5 long options', () => {
  it('are one value, also over options field, file and sname in this order', () => {
    const bytes = message({ type: 'discover', options: { 52: [3], 61: [1, 2] } });
    bytes.set([61, 2, 3, 4, 255], 108);
    bytes.set([61, 1, 5, 255], 44);
    expect(readRequest(bytes)).toMatchObject({ request: { clientId: '0102030405' } });
  });
});

describe('RFC 3396 §6 a long option of ours', () => {
  it('is split into pieces that follow each other', () => {
    const value = Uint8Array.from({ length: 300 }, (_, n) => n & 255);
    const bytes = fitDhcpPacket({ ...blank, options: new Map([[61, value]]) }, 1472);
    expect([bytes?.[240], bytes?.[241], bytes?.[497], bytes?.[498]]).toEqual([61, 255, 61, 45]);
  });

  it('comes back as a client sent it', () => {
    const id = Array.from({ length: 280 }, (_, n) => n & 255);
    const { packet } = replyOf(decide({ type: 'discover', options: { 57: [5, 0xdc], 61: id } }));
    expect(packet.options.get(61)).toEqual(Uint8Array.from(id));
  });
});
