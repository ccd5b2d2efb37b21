import { expect, it } from 'vitest';
import { toNetascii } from '../../../src/pxe/tftp/netascii.ts';
import { rawAck, rawRequest } from '../../support/tftp-peer.ts';
import { tftpPair } from '../../support/tftp-ask.ts';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('latin1');

it.each([
  ['', ''],
  ['a', 'a'],
  ['a\nb\n', 'a\r\nb\r\n'],
  ['\n', '\r\n'],
  ['a\rb', 'a\r\0b'],
  ['a\r\nb', 'a\r\0\r\nb'],
  ['\r\r\n\n', '\r\0\r\0\r\n\r\n'],
  ['\x00\xff', '\x00\xff'],
])('§1: %j is %j in netascii (RFC 764)', (from, to) => {
  expect(text(toNetascii(Buffer.from(from, 'latin1')))).toBe(to);
});

it.each(['netascii', 'NetASCII', 'NETASCII'])('§1: a read in mode %s gets the translation', async (mode) => {
  const { client, port, events } = await tftpPair({ f: Buffer.from(`${'x'.repeat(511)}\ny`) });
  await client.send(rawRequest(1, 'f', mode), port);
  const first = await client.next();
  // A pair may lie across two blocks.
  expect(text(first?.data.subarray(4))).toBe(`${'x'.repeat(511)}\r`);
  await client.send(rawAck(1), first?.port ?? 0);
  expect(text((await client.next())?.data.subarray(4))).toBe('\ny');
  expect(events[0]).toMatchObject({ phase: 'start', total: 514 });
});

it('§1: mode mail is refused with ERROR 4 and a text that says what to ask for', async () => {
  const { client, port } = await tftpPair();
  await client.send(rawRequest(1, 'snponly.efi', 'mail'), port);
  const answer = (await client.next())?.data;
  expect([...(answer?.subarray(0, 4) ?? [])]).toEqual([0, 5, 0, 4]);
  expect(text(answer)).toContain('use mode octet');
});
