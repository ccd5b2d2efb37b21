import { describe, expect, it } from 'vitest';
import { WireError } from '../../../../src/base/bytes.ts';
import { decodeAddress, encodeAddresses } from '../../../../src/pxe/dhcp/wire/options/address.ts';
import { decodeClientArch } from '../../../../src/pxe/dhcp/wire/options/client-arch.ts';
import { decodeClientId } from '../../../../src/pxe/dhcp/wire/options/client-id.ts';
import { decodeIpxeFeatures, encodeNoPxeDhcp } from '../../../../src/pxe/dhcp/wire/options/ipxe.ts';
import { decodeMachineId } from '../../../../src/pxe/dhcp/wire/options/machine-id.ts';
import { decodeMaxMessageSize } from '../../../../src/pxe/dhcp/wire/options/max-message-size.ts';
import {
  decodeMessageType,
  encodeMessageType,
  type MessageType,
  messageTypes,
} from '../../../../src/pxe/dhcp/wire/options/message-type.ts';
import { ParameterList } from '../../../../src/pxe/dhcp/wire/options/parameter-list.ts';
import { encodePxeDiscovery } from '../../../../src/pxe/dhcp/wire/options/pxe-discovery.ts';
import { encodeSeconds } from '../../../../src/pxe/dhcp/wire/options/seconds.ts';
import { decodeText, encodeText } from '../../../../src/pxe/dhcp/wire/options/text.ts';
import { decodeUserClass } from '../../../../src/pxe/dhcp/wire/options/user-class.ts';
import { ip } from '../client.ts';

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('option values', () => {
  it('53: every type there and back, nothing else', () => {
    for (const type of Object.keys(messageTypes) as MessageType[]) {
      expect(decodeMessageType(encodeMessageType(type))).toBe(type);
    }
    for (const wrong of [bytes(), bytes(0), bytes(9), bytes(1, 1)]) {
      expect(() => decodeMessageType(wrong)).toThrow(WireError);
    }
  });

  it('50 and 54: four bytes, no more and no fewer', () => {
    expect(decodeAddress(bytes(192, 0, 2, 7), 'x')).toBe('192.0.2.7');
    expect(() => decodeAddress(bytes(192, 0, 2), 'x')).toThrow(WireError);
    expect(() => decodeAddress(bytes(192, 0, 2, 7, 7), 'x')).toThrow(WireError);
    expect(encodeAddresses([ip('192.0.2.7'), ip('10.0.0.1')])).toEqual(bytes(192, 0, 2, 7, 10, 0, 0, 1));
  });

  it('51: seconds, never the infinity of 0xffffffff', () => {
    expect(encodeSeconds(86_400)).toEqual(bytes(0, 1, 0x51, 0x80));
    expect(encodeSeconds(437.5)).toEqual(bytes(0, 0, 1, 181));
    expect(encodeSeconds(1e12)).toEqual(bytes(0xff, 0xff, 0xff, 0xfe));
    expect(encodeSeconds(-1)).toEqual(bytes(0, 0, 0, 0));
  });

  it('55: a set of numbers', () => {
    expect([...new ParameterList(bytes(1, 67, 1))]).toEqual([1, 67]);
  });

  it('57: at least 576', () => {
    expect(decodeMaxMessageSize(bytes(0x05, 0xdc))).toBe(1500);
    expect(() => decodeMaxMessageSize(bytes(0x02, 0x3f))).toThrow(WireError);
    expect(() => decodeMaxMessageSize(bytes(2))).toThrow(WireError);
  });

  it('60 and 12: printable text, whatever was sent', () => {
    expect(decodeText(ascii('PXEClient:Arch:00000'))).toBe('PXEClient:Arch:00000');
    expect(decodeText(ascii('name\0rest'))).toBe('name');
    expect(decodeText(bytes(65, 10, 27, 200, 66))).toBe('A???B');
    expect(decodeText(bytes(0))).toBeUndefined();
    expect(decodeText(new Uint8Array(3000).fill(65))).toHaveLength(255);
    expect(encodeText('PXEClient')).toEqual(ascii('PXEClient'));
  });

  it('61: hex of at least two bytes', () => {
    expect(decodeClientId(bytes(1, 0x52, 0x54))).toBe('015254');
    expect(() => decodeClientId(bytes(1))).toThrow(WireError);
  });

  it('77: the list of RFC 3004 and the bare text of iPXE', () => {
    expect(decodeUserClass(ascii('iPXE'))).toEqual(['iPXE']);
    expect(decodeUserClass(bytes(4, ...ascii('iPXE')))).toEqual(['iPXE']);
    expect(decodeUserClass(bytes(1, 65, 2, 66, 67))).toEqual(['A', 'BC']);
    expect(decodeUserClass(bytes())).toEqual([]);
  });

  it('93: pairs of bytes', () => {
    expect(decodeClientArch(bytes(0, 7, 0, 16))).toEqual([7, 16]);
    for (const wrong of [bytes(), bytes(7), bytes(0, 7, 0)])
      expect(() => decodeClientArch(wrong)).toThrow(WireError);
  });

  it('97: all readings of a uuid, none of a placeholder', () => {
    const uuid = bytes(
      0,
      0x33,
      0x22,
      0x11,
      0,
      0x55,
      0x44,
      0x77,
      0x66,
      0x88,
      0x99,
      0xaa,
      0xbb,
      0xcc,
      0xdd,
      0xee,
      0xff,
    );
    expect(decodeMachineId(uuid)).toContain('00112233445566778899aabbccddeeff');
    expect(decodeMachineId(uuid)).toContain('33221100554477668899aabbccddeeff');
    expect(decodeMachineId(new Uint8Array(17))).toEqual([]);
    expect(decodeMachineId(new Uint8Array(17).fill(255).fill(0, 0, 1))).toEqual([]);
    for (const wrong of [new Uint8Array(16), new Uint8Array(18), new Uint8Array(17).fill(1)]) {
      expect(() => decodeMachineId(wrong)).toThrow(WireError);
    }
  });

  it('175: all that a script needs or not, and the switch that skips the ProxyDHCP wait', () => {
    expect(decodeIpxeFeatures(bytes(0xb1, 1, 2, 0x13, 1, 1)).complete).toBe(true);
    expect(decodeIpxeFeatures(bytes(0x15, 1, 1)).complete).toBe(false);
    // Only Multiboot; then bzImage as well.
    expect(decodeIpxeFeatures(bytes(0x13, 1, 1, 0x19, 1, 1)).complete).toBe(false);
    expect(decodeIpxeFeatures(bytes(0x13, 1, 1, 0x19, 1, 1, 0x18, 1, 1)).complete).toBe(true);
    expect(() => decodeIpxeFeatures(bytes(0x13, 9))).toThrow(WireError);
    expect(encodeNoPxeDhcp()).toEqual(bytes(0xb0, 1, 1, 255));
  });

  it('43: discovery control 8', () => {
    expect(encodePxeDiscovery()).toEqual(bytes(6, 1, 8, 255));
  });
});
