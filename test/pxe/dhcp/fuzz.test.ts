import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { decideReply } from '../../../src/pxe/dhcp/reply.ts';
import { readRequest } from '../../../src/pxe/dhcp/request.ts';
import { decodeDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import type { BootDecision } from '../../../src/pxe/ports.ts';
import { protocolCases } from '../../support/cases.ts';
import { address, boot, config, ignored, lease, mac, message, otherMac, server, tableOf } from './client.ts';

const seeds = [
  message({ type: 'discover', options: { 55: [1, 3, 66, 67], 60: 'PXEClient:Arch:00007', 93: [0, 7] } }),
  message({
    type: 'discover',
    options: { 77: 'iPXE', 175: [0x13, 1, 1], 97: Array.from({ length: 17 }, () => 0) },
  }),
  message({
    type: 'request',
    requested: '192.0.2.100',
    serverId: server,
    options: { 57: [5, 0xdc], 61: [1, 2, 3] },
  }),
  message({ type: 'request', ciaddr: '192.0.2.101', mac: otherMac }),
  message({ type: 'request', requested: '10.0.0.1', options: { 82: [1, 2, 3, 4] }, giaddr: '192.0.2.2' }),
  message({ type: 'inform', ciaddr: '192.0.2.50', options: { 60: 'HTTPClient', 93: [0, 16] } }),
  message({ type: 'decline', requested: '192.0.2.101', mac: otherMac }),
  message({ type: 'release', ciaddr: '192.0.2.101', mac: otherMac }),
];
const byte = fc.integer({ min: 0, max: 255 });
/** Positions of the fixed fields and of the options' heads count more than the 192 bytes of sname and file. */
const position = fc.oneof(fc.nat(43), fc.integer({ min: 236, max: 300 }), fc.nat(299));
const datagrams = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 600 }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(position, byte), { maxLength: 8 }), fc.nat(400))
      .map(([seed, changes, cut]) => {
        const bytes = seed.slice();
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return cut < 300 && cut % 5 === 0 ? bytes.slice(0, cut) : bytes;
      }),
  },
);

const table = tableOf([lease('192.0.2.100'), lease('192.0.2.101', { mac: otherMac })]);
let answered = 0;

/** What is wrong with the way a datagram was dealt with; nothing when all is well. */
function faults(datagram: Uint8Array, decision: BootDecision): readonly string[] {
  const reading = readRequest(datagram);
  if (reading.kind === 'ignore') return [];
  const head = [0, 1, 2, 236, 237, 238, 239].map((at) => datagram[at]);
  const { mac: client } = reading.request;
  const outcome = decideReply(reading.request, decision, table, config, 5000);
  if (!('reply' in outcome)) return String(head) === '1,1,6,99,130,83,99' ? [] : [`read ${String(head)}`];
  answered++;
  const { datagram: bytes } = outcome.reply;
  const reply = decodeDhcpPacket(bytes);
  const asked = decodeDhcpPacket(datagram);
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const given = outcome.kind === 'ack' ? outcome.lease?.ip : reply.yiaddr;
  const rules: Readonly<Record<string, boolean>> = {
    'a head that is none of ours': String(head) === '1,1,6,99,130,83,99',
    'an answer to a machine that is to get none': decision.kind !== 'ignore',
    'no reply': reply.op === 2,
    'another transaction': reply.xid === asked.xid && same(reply.chaddr, asked.chaddr),
    'another relay': reply.giaddr === asked.giaddr,
    'a strange type': [2, 5, 6].includes(reply.options.get(53)?.[0] ?? 0),
    'another server': same([...(reply.options.get(54) ?? [])], [192, 0, 2, 1]),
    'a size that can not be sent':
      bytes.length >= (outcome.kind === 'nak' ? 240 : 300) && bytes.length <= 65_507,
    'a refusal that is longer than its request': outcome.kind !== 'nak' || bytes.length <= datagram.length,
    'an address that is not free':
      outcome.kind !== 'offer' ||
      (outcome.ip !== undefined && table.isFreeFor(outcome.ip, reading.request, 5000)),
    "another client's address":
      (client === mac || given !== '192.0.2.100') && (client === otherMac || given !== '192.0.2.101'),
  };
  return Object.keys(rules).filter((rule) => rules[rule] !== true);
}

it('answers no datagram that must not be answered, and breaks on none', () => {
  fc.assert(
    fc.property(datagrams, fc.constantFrom(boot, address, ignored), (datagram, decision) => {
      expect(faults(datagram, decision)).toEqual([]);
    }),
    { numRuns: protocolCases() },
  );
  expect(answered).toBeGreaterThan(50);
}, 120_000);
