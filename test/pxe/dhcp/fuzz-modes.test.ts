import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { sameSubnet } from '../../../src/base/ipv4.ts';
import { decodeDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import type { DhcpMode } from '../../../src/pxe/dhcp/options.ts';
import { protocolCases } from '../../support/cases.ts';
import { boot, ip, message, server } from './client.ts';
import { start } from './harness.ts';

/** Whole servers under noise: behind relays, and as a proxy on both of its ports. */
const rom = { 60: 'PXEClient:Arch:00000:UNDI:002001', 93: [0, 0], 97: Array.from({ length: 17 }, () => 0) };
const relayed = (options: Record<number, readonly number[]>, giaddr = '198.51.100.1') =>
  message({ type: 'discover', giaddr, options: { ...rom, ...options } });
const seeds = [
  message({ type: 'discover', options: rom }),
  message({ type: 'request', ciaddr: '192.0.2.9', options: rom }),
  message({ type: 'inform', ciaddr: '192.0.2.9', options: { ...rom, 77: [4, 105, 80, 88, 69] } }),
  relayed({ 82: [1, 4, 0x65, 0x74, 0x68, 0x37, 2, 2, 0xab, 1] }),
  relayed({ 82: [5, 4, 198, 51, 100, 0, 11, 4, 198, 51, 100, 1] }, '203.0.113.7'),
  relayed({ 118: [198, 51, 100, 0] }, '192.0.2.2'),
  message({ type: 'request', giaddr: '198.51.100.1', requested: '198.51.100.20', serverId: '198.51.100.1' }),
];
const byte = fc.integer({ min: 0, max: 255 });
/** giaddr, ciaddr and the options count more than the rest. */
const position = fc.oneof(fc.integer({ min: 12, max: 27 }), fc.nat(43), fc.integer({ min: 240, max: 340 }));
const datagrams = fc
  .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(position, byte), { maxLength: 6 }), fc.nat(500))
  .map(([seed, changes, cut]) => {
    const bytes = seed.slice();
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return cut < bytes.length && cut % 7 === 0 ? bytes.slice(0, cut) : bytes;
  });
const arrivals = fc.record({
  source: fc.constantFrom('0.0.0.0', '192.0.2.9', '198.51.100.1', '203.0.113.7', '255.255.255.255', server),
  port: fc.constantFrom(67, 4011),
  sourcePort: fc.constantFrom(67, 68, 4011, 0, 65_535),
});
const subnet = {
  subnet: ip('198.51.100.0'),
  netmask: ip('255.255.255.0'),
  rangeBegin: ip('198.51.100.10'),
  rangeEnd: ip('198.51.100.200'),
};
const loaders = {
  loaderFor: () => 'undionly.kpxe',
  httpLoaderUrl: () => 'http://192.0.2.1:8081/loader/x.efi',
};

/** What is wrong with an answer to `asked`, wherever it went. */
function faultsOf(
  sent: Awaited<ReturnType<typeof start>>['sent'][number],
  asked: Uint8Array,
  mode: DhcpMode,
): readonly string[] {
  const { packet, to } = sent;
  const request = decodeDhcpPacket(asked);
  const [address = '', port = ''] = to.split(':');
  const ours = (one: string, net: string): boolean => sameSubnet(ip(one), ip(net), subnet.netmask);
  const relay = request.options.get(82);
  const echo = packet.options.get(82);
  const rules: Readonly<Record<string, boolean>> = {
    'an answer to another request': packet.xid === request.xid && packet.giaddr === request.giaddr,
    'no answer of a server': packet.op === 2,
    'an address from a proxy': mode === 'serve' || packet.yiaddr === '0.0.0.0',
    'a lease from a proxy': mode === 'serve' || !packet.options.has(51),
    'an address of no subnet here':
      packet.yiaddr === '0.0.0.0' || ours(packet.yiaddr, server) || ours(packet.yiaddr, '198.51.100.0'),
    'an answer back to ourselves': address !== server,
    'an odd port': ['67', '68', '4011'].includes(port) || packet.options.get(53)?.[0] === 5,
    // RFC 3046 §2.2: as it was, and none that nobody sent.
    'another option 82':
      echo === undefined ||
      (relay !== undefined && Buffer.compare(Buffer.from(echo), Buffer.from(relay)) === 0),
  };
  return Object.keys(rules).filter((rule) => rules[rule] !== true);
}

it.each<[DhcpMode, Parameters<typeof start>[0]]>([
  ['serve', { subnets: [subnet] }],
  ['proxy', { subnets: [subnet] }],
])(
  'a server that is to %s breaks on nothing, answers nobody wrongly and serves afterwards',
  async (mode, changes) => {
    const s = await start({ ...changes, mode }, loaders);
    s.state.decision = boot;
    let answers = 0;
    await fc.assert(
      fc.asyncProperty(datagrams, arrivals, async (datagram, { source, port, sourcePort }) => {
        s.state.now += 10_000;
        s.raw(datagram, source, port, sourcePort);
        await s.settle();
        const sent = s.sent.splice(0);
        expect(sent.length).toBeLessThanOrEqual(1);
        answers += sent.length;
        for (const one of sent) expect(faultsOf(one, datagram, mode)).toEqual([]);
      }),
      { numRuns: protocolCases() },
    );
    expect(answers).toBeGreaterThan(100);
    expect(s.errors).toEqual([]);
    s.state.now += 1e9;
    await s.say({ type: 'discover', options: rom });
    expect(s.sent.at(-1)?.packet).toMatchObject({ op: 2, file: 'undionly.kpxe' });
    await s.handle.close();
  },
  180_000,
);

it('answers nobody who asks from the address of the server, or from everybody', async () => {
  for (const forged of [server, '192.0.2.255']) {
    const s = await start({ mode: 'serve' }, loaders);
    s.state.decision = boot;
    s.raw(message({ type: 'inform', ciaddr: forged }), forged, 67, 68);
    await s.settle();
    expect(s.sent).toEqual([]);
    s.raw(message({ type: 'inform', ciaddr: '192.0.2.77' }), '192.0.2.77', 67, 68);
    await s.settle();
    expect(s.sent).toHaveLength(1);
    await s.handle.close();
  }
});
