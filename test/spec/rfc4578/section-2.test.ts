import { describe, expect, it } from 'vitest';
import { boot, decide, optionText, replyOf } from '../../pxe/dhcp/client.ts';

const arch = (number: number): readonly number[] => [number >> 8, number & 255];
const discover = (options: Record<number, string | readonly number[]>) =>
  decide({ type: 'discover', options }, { decision: boot });

describe('RFC 4578 §2.1 client system architecture', () => {
  it.each([
    [0, 'undionly.kpxe'],
    [7, 'snponly.efi'],
    [9, 'snponly.efi'],
    // A PXE client that names the number of HTTP boot still asks for PXE.
    [16, 'snponly.efi'],
  ])('%i boots by PXE from %s', (number, file) => {
    const { packet } = replyOf(discover({ 60: 'PXEClient', 93: arch(number) }));
    expect([packet.file, optionText(packet, 60)]).toEqual([file, 'PXEClient']);
  });

  it.each([7, 16, 11, 19])('%i boots by HTTP when its class says so', (number) => {
    const { packet } = replyOf(discover({ 60: 'HTTPClient', 93: arch(number) }));
    expect(packet.file).toMatch(/^http:.*\/loader\/uefi-http-(x64|arm64)\.efi$/);
    expect(optionText(packet, 60)).toBe('HTTPClient');
  });

  it.each([
    ['PXEClient', 6, 'x86 UEFI'],
    ['PXEClient', 10, 'ARM 32-bit UEFI'],
    ['HTTPClient', 0, 'x86 BIOS'],
    ['HTTPClient', 15, 'x86 UEFI boot from HTTP'],
    ['HTTPClient', 17, 'EBC boot from HTTP'],
    ['HTTPClient', 18, 'ARM 32-bit UEFI boot from HTTP'],
    ['HTTPClient', 20, 'PC/AT BIOS boot from HTTP'],
    ['PXEClient', 99, 'unknown'],
  ])('%s %i has no loader here and is named: %s', (vendor, number, name) => {
    expect(discover({ 60: vendor, 93: arch(number) })).toMatchObject({
      kind: 'ignore',
      reason: expect.stringMatching(new RegExp(`^no boot loader .*${number} ${name}\\)$`)) as string,
    });
  });
});

describe('RFC 4578 §2.2 client network device interface and §2.3 machine identifier', () => {
  it('come as they like: 94 is of no interest, 97 comes back as it was, also a broken one', () => {
    for (const machineId of [
      [0, ...Array.from({ length: 16 }, () => 9)],
      [255, 1],
    ]) {
      const { packet } = replyOf(discover({ 60: 'PXEClient', 93: [0, 7], 94: [1, 3, 16], 97: machineId }));
      expect(packet.options.get(97)).toEqual(Uint8Array.from(machineId));
      expect(packet.options.has(94)).toBe(false);
    }
  });
});
