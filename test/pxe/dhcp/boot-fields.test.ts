import { describe, expect, it } from 'vitest';
import { address, boot, config, decide, optionText, replyOf, scriptUrl, server } from './client.ts';

const rom = {
  60: 'PXEClient:Arch:00000:UNDI:002001',
  93: [0, 0],
  97: [0, ...Array.from({ length: 16 }, () => 5)],
};
const ipxe = { 60: 'PXEClient:Arch:00000:UNDI:002001', 77: 'iPXE', 93: [0, 0], 175: [0x13, 1, 1] };

describe('what a client is told to boot', () => {
  it('a PXE ROM: the loader, from this server, at once', () => {
    const { packet, reply } = replyOf(decide({ type: 'discover', options: rom }, { decision: boot }));
    expect(packet).toMatchObject({ siaddr: server, file: 'undionly.kpxe', sname: '' });
    expect(optionText(packet, 60)).toBe('PXEClient');
    expect(packet.options.get(43)).toEqual(Uint8Array.of(6, 1, 8, 255));
    expect(packet.options.get(97)).toEqual(Uint8Array.from(rom[97]));
    expect(packet.options.has(66) || packet.options.has(67)).toBe(false);
    expect(reply.bootFile).toBe('undionly.kpxe');
  });

  it('a PXE ROM that asks for options 66 and 67 gets them', () => {
    const options = { ...rom, 55: [66, 67] };
    const { packet } = replyOf(decide({ type: 'discover', options }, { decision: boot }));
    expect(optionText(packet, 66)).toBe(server);
    expect(optionText(packet, 67)).toBe('undionly.kpxe');
  });

  it('UEFI: its own loader', () => {
    const options = { ...rom, 93: [0, 7] };
    expect(replyOf(decide({ type: 'discover', options }, { decision: boot })).packet.file).toBe(
      'snponly.efi',
    );
  });

  it('iPXE: its script, without the ProxyDHCP wait and without posing as a PXE server', () => {
    const { packet } = replyOf(decide({ type: 'discover', options: ipxe }, { decision: boot }));
    expect(packet.file).toBe(scriptUrl);
    expect(packet.options.get(175)).toEqual(Uint8Array.of(0xb0, 1, 1, 255));
    expect(packet.options.has(60) || packet.options.has(43)).toBe(false);
  });

  it('iPXE without HTTP: the loader, as any ROM', () => {
    const options = { ...ipxe, 175: [0x15, 1, 1] };
    const { packet } = replyOf(decide({ type: 'discover', options }, { decision: boot }));
    expect(packet.file).toBe('undionly.kpxe');
    expect(optionText(packet, 60)).toBe('PXEClient');
  });

  it('a script URL that `file` does not hold goes into option 67 alone', () => {
    const long = `http://192.0.2.1:8081/boot/${'t'.repeat(128)}/boot.ipxe`;
    const decision = { kind: 'boot', scriptUrl: long } as const;
    const { packet } = replyOf(decide({ type: 'discover', options: ipxe }, { decision }));
    expect(packet.file).toBe('');
    expect(optionText(packet, 67)).toBe(long);
  });

  it('UEFI HTTP boot: a URL and its own class', () => {
    const options = { 60: 'HTTPClient:Arch:00016:UNDI:003001', 93: [0, 16], 55: [66, 67] };
    const { packet } = replyOf(decide({ type: 'discover', options }, { decision: boot }));
    expect(optionText(packet, 60)).toBe('HTTPClient');
    expect(optionText(packet, 67)).toBe('http://192.0.2.1:8081/loader/uefi-http-x64.efi');
    expect(packet.options.has(43) || packet.options.has(66)).toBe(false);
  });

  it('nothing for a machine that may only have an address, and for systems that boot from their disk', () => {
    for (const [options, decision] of [
      [rom, address],
      [ipxe, address],
      [{ 60: 'udhcp 1.35.0', 55: [66, 67] }, boot],
    ] as const) {
      const { packet, reply } = replyOf(decide({ type: 'discover', options }, { decision }));
      expect(packet).toMatchObject({ siaddr: '0.0.0.0', file: '' });
      for (const option of [43, 60, 66, 67, 97, 175]) expect(packet.options.has(option)).toBe(false);
      expect(reply.bootFile).toBeUndefined();
    }
  });

  it('firmware without a loader gets no answer, in DISCOVER and REQUEST alike', () => {
    const options = { 60: 'PXEClient', 93: [0, 11] };
    for (const type of ['discover', 'request'] as const) {
      const outcome = decide(
        { type, options, requested: '192.0.2.100', serverId: server },
        { decision: boot },
      );
      expect(outcome).toMatchObject({
        kind: 'ignore',
        reason: expect.stringContaining('uefi-arm64') as string,
      });
    }
    const http = { 60: 'HTTPClient', 93: [0, 16] };
    const settings = { httpLoaderUrl: () => undefined };
    expect(decide({ type: 'discover', options: http }, { decision: boot, settings }).kind).toBe('ignore');
  });

  it('leases are short for firmware and long for hosts', () => {
    const seconds = (options: object): number[] => {
      const { packet } = replyOf(decide({ type: 'discover', options: { ...options } }, { decision: boot }));
      return [51, 58, 59].map((o) => Buffer.from(packet.options.get(o) ?? []).readUInt32BE());
    };
    expect(seconds(rom)).toEqual([300, 150, 262]);
    expect(seconds({})).toEqual([config.hostLeaseSeconds, 43_200, 75_600]);
  });
});
