import { describe, expect, it } from 'vitest';
import { firmwareOf, sightingOf } from '../../../src/pxe/dhcp/firmware.ts';
import { requestOf, serverUuid } from './client.ts';

const arch = (number: number): readonly number[] => [number >> 8, number & 255];

describe('firmware', () => {
  it.each([
    [0, 'bios'],
    [2, 'other'],
    [6, 'uefi-ia32'],
    [7, 'uefi-x64'],
    [9, 'uefi-x64'],
    [10, 'other'],
    [11, 'uefi-arm64'],
    [27, 'other'],
    [0xffff, 'other'],
  ])('is told by architecture %i of a PXE client: %s', (number, firmware) => {
    const request = requestOf({ type: 'discover', options: { 60: 'PXEClient', 93: arch(number) } });
    expect(firmwareOf(request)).toBe(firmware);
  });

  it.each([
    [15, 'other'],
    [16, 'uefi-http-x64'],
    [18, 'other'],
    [19, 'uefi-http-arm64'],
    [20, 'other'],
    [7, 'uefi-http-x64'],
    [11, 'uefi-http-arm64'],
  ])('is told by architecture %i of an HTTP client: %s', (number, firmware) => {
    const request = requestOf({ type: 'discover', options: { 60: 'HTTPClient:Arch', 93: arch(number) } });
    expect(firmwareOf(request)).toBe(firmware);
  });

  it('is told by the vendor class where option 93 is missing or broken', () => {
    const vendor = (text: string, more = {}) =>
      firmwareOf(requestOf({ type: 'discover', options: { 60: text, ...more } }));
    expect(vendor('PXEClient:Arch:00007:UNDI:003016')).toBe('uefi-x64');
    expect(vendor('PXEClient:Arch:00007:UNDI:003016', { 93: [1] })).toBe('uefi-x64');
    expect(vendor('PXEClient:Arch:00007:UNDI:003016', { 93: [0, 11] })).toBe('uefi-arm64');
    expect(vendor('PXEClient')).toBe('bios');
    expect(vendor('HTTPClient')).toBe('other');
  });

  it('is none for systems that boot from their disk', () => {
    expect(firmwareOf(requestOf({ type: 'discover' }))).toBeUndefined();
    expect(firmwareOf(requestOf({ type: 'discover', options: { 60: 'udhcp 1.35.0' } }))).toBeUndefined();
    // An installed system may well say on what it runs.
    expect(
      firmwareOf(requestOf({ type: 'discover', options: { 60: 'MSFT 5.0', 93: [0, 7] } })),
    ).toBeUndefined();
  });

  it('of iPXE counts without a vendor class', () => {
    const request = requestOf({ type: 'discover', options: { 77: 'iPXE', 93: [0, 7] } });
    expect(firmwareOf(request)).toBe('uefi-x64');
    expect(request.ipxe).toEqual({ complete: true });
    expect(requestOf({ type: 'discover', options: { 175: [0x15, 1, 1] } }).ipxe).toEqual({ complete: false });
    expect(requestOf({ type: 'discover', options: { 175: [0x15, 9, 1] } }).ipxe).toEqual({ complete: true });
  });
});

it('sightings tell everything that a technician needs to adopt a machine', () => {
  const uuid = Array.from({ length: 16 }, (_, i) => i);
  const sighting = sightingOf(
    requestOf({
      type: 'discover',
      options: { 12: 'node-7', 60: 'PXEClient:Arch:00000', 93: [0, 0], 97: [0, ...uuid] },
    }),
    serverUuid,
  );
  expect(sighting).toMatchObject({
    serverUuid,
    mac: '52:54:00:00:00:01',
    firmware: 'bios',
    ipxe: false,
    vendorClass: 'PXEClient:Arch:00000',
    hostname: 'node-7',
  });
  expect(sighting.uuids).toHaveLength(3);
});
