import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/base/bytes.ts';
import { ipv4ToNumber } from '../../src/base/ipv4.ts';
import { decideProxyReply } from '../../src/pxe/dhcp/proxy.ts';
import type { DhcpOutcome } from '../../src/pxe/dhcp/reply.ts';
import { boot, config, decide, ip, type Message, replyOf, requestOf, server } from '../pxe/dhcp/client.ts';
import { needTools } from '../support/need.ts';

const ready = needTools({ tool: 'tshark', package: 'tshark' });
const rom = {
  60: 'PXEClient:Arch:00000:UNDI:002001',
  93: [0, 0],
  97: [0, ...Array.from({ length: 16 }, () => 5)],
};
const ipxe = { ...rom, 77: 'iPXE', 175: [0x13, 1, 1, 0x18, 1, 1] };
const dns = Array.from({ length: 31 }, (_, n) => ip(`192.0.2.${n + 1}`));
const proxied = (m: Message, port: 'dhcp' | 'proxy'): DhcpOutcome =>
  decideProxyReply(requestOf(m), boot, { source: ip('192.0.2.9'), sourcePort: 68, port }, config);

/** Every kind of answer, and the message type that tshark is to see. */
const answers: Readonly<Record<string, readonly [DhcpOutcome, string]>> = {
  offer: [decide({ type: 'discover', options: { 61: [1, 2, 3, 4, 5, 6, 7] } }), '2'],
  ack: [decide({ type: 'request', requested: '192.0.2.100', serverId: server }), '5'],
  nak: [decide({ type: 'request', requested: '10.0.0.1', options: { 61: [1, 9, 9] } }), '6'],
  inform: [decide({ type: 'inform', ciaddr: '192.0.2.9' }), '5'],
  rapid: [decide({ type: 'discover', options: { 80: [] } }, { settings: { rapidCommit: true } }), '5'],
  bootp: [decide({ type: 'none' }, { settings: { bootp: true } }), ''],
  rom: [decide({ type: 'discover', options: { ...rom, 55: [66, 67] } }, { decision: boot }), '2'],
  ipxe: [decide({ type: 'discover', options: ipxe }, { decision: boot }), '2'],
  http: [decide({ type: 'discover', options: { 60: 'HTTPClient', 93: [0, 16] } }, { decision: boot }), '2'],
  proxyOffer: [proxied({ type: 'discover', options: rom }, 'dhcp'), '2'],
  proxyAck: [proxied({ type: 'request', ciaddr: '192.0.2.9', options: ipxe }, 'proxy'), '5'],
  relayed: [
    decide({
      type: 'discover',
      giaddr: '192.0.2.2',
      options: {
        82: [1, 4, 0x65, 0x74, 0x68, 0x37, 2, 2, 0xab, 1, 11, 4, 192, 0, 2, 2],
        118: [192, 0, 2, 0],
      },
    }),
    '2',
  ],
  overloaded: [
    decide(
      { type: 'discover', options: { 61: Array.from({ length: 150 }, () => 7), 55: [1, 6, 3] } },
      { settings: { dns } },
    ),
    '2',
  ],
};

/** One datagram as a frame: Ethernet II, IPv4 without options, UDP without a checksum (RFC 768). */
function frame({ reply }: ReturnType<typeof replyOf>): Uint8Array {
  const { datagram, to } = reply;
  const header = (checksum: number): Uint8Array =>
    new ByteWriter()
      .u16be(0x4500)
      .u16be(28 + datagram.length)
      .u32be(0)
      .u16be(0x4011)
      .u16be(checksum)
      .u32be(ipv4ToNumber(server))
      .u32be(ipv4ToNumber(to.address))
      .done();
  const words = new DataView(header(0).buffer);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += words.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return new ByteWriter()
    .fill(6, 0xff)
    .bytes(Uint8Array.of(2, 0, 0, 0, 0, 1))
    .u16be(0x0800)
    .bytes(header(~sum & 0xffff))
    .u16be(67)
    .u16be(to.port)
    .u16be(8 + datagram.length)
    .u16be(0)
    .bytes(datagram)
    .done();
}

/** A capture file of the classic format, link type Ethernet. */
function capture(frames: readonly Uint8Array[]): Uint8Array {
  const w = new ByteWriter().u32le(0xa1b2c3d4).u16le(2).u16le(4).u32le(0).u32le(0).u32le(65_535).u32le(1);
  for (const bytes of frames) w.u32le(0).u32le(0).u32le(bytes.length).u32le(bytes.length).bytes(bytes);
  return w.done();
}

describe.skipIf(!ready)('tshark', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dhcp-tshark-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const read = (frames: readonly Uint8Array[], ...fields: string[]): readonly string[][] => {
    const file = join(folder, 'answers.pcap');
    writeFileSync(file, capture(frames));
    const columns = fields.flatMap((field) => ['-e', field]);
    const text = execFileSync('tshark', ['-n', '-r', file, '-T', 'fields', '-E', 'separator=|', ...columns], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
    return text
      .split('\n')
      .slice(0, frames.length)
      .map((line) => line.split('|'));
  };
  const frames = Object.values(answers).map(([outcome]) => frame(replyOf(outcome)));

  it('finds nothing malformed in any answer, and no worse than a note', { timeout: 60_000 }, () => {
    const seen = read(
      frames,
      'dhcp.option.dhcp',
      '_ws.malformed',
      '_ws.expert.severity',
      '_ws.expert.message',
    );
    const names = Object.keys(answers);
    expect(Object.fromEntries(seen.map(([type, malformed], i) => [names[i], [type, malformed]]))).toEqual(
      Object.fromEntries(Object.entries(answers).map(([name, [, type]]) => [name, [type, '']])),
    );
    // PI_NOTE is 0x00400000; warnings and errors are above.
    const worse = seen.filter(([, , severity]) =>
      (severity ?? '').split(',').some((one) => Number(one) > 0x400000),
    );
    expect(worse).toEqual([]);
  });

  it('would have seen a broken one', { timeout: 60_000 }, () => {
    const broken = (frames[0] as Uint8Array).slice();
    // The length of the message type option.
    broken[14 + 28 + 241] = 200;
    expect(read([broken], '_ws.malformed', '_ws.expert.message')[0]?.join('')).not.toBe('');
  });

  it('reads the options of all three fields of an overloaded answer', { timeout: 60_000 }, () => {
    const names = Object.keys(answers);
    const overloaded = frames[names.indexOf('overloaded')] as Uint8Array;
    const [fields] = read([overloaded], 'dhcp.option.option_overload', 'dhcp.option.domain_name_server');
    expect(Number(fields?.[0])).toBeGreaterThan(0);
    expect(fields?.[1]?.split(',')).toEqual(dns);
  });
});
