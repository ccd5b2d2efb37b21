import { expect, it } from 'vitest';
import { pattern, rawAck, rawRequest, until } from '../../support/tftp-peer.ts';
import { tftpPair } from '../../support/tftp-ask.ts';

const setup = (files: Record<string, Uint8Array> = { f: pattern(1100) }) => tftpPair(files);

it.each([
  [0, [4]],
  [1, [5]],
  [511, [515]],
  [512, [516, 4]],
  [513, [516, 5]],
  [1024, [516, 516, 4]],
])('§6: ends %d bytes with a block shorter than 512', async (size, lengths) => {
  const { client, port, events } = await setup({ f: pattern(size) });
  await client.send(rawRequest(1, 'f'), port);
  const got: number[] = [];
  for (const [index] of lengths.entries()) {
    let packet = await client.next();
    // On a busy machine a block may be repeated before its ACK is read.
    while (packet !== undefined && packet.data.readUInt16BE(2) <= index) packet = await client.next();
    got.push(packet?.data.length ?? -1);
    await client.send(rawAck(index + 1), packet?.port ?? 0);
  }
  expect(got).toEqual(lengths);
  await until(() => events.some((e) => e.phase === 'done'));
  const common = { kind: 'tftp', client: '127.0.0.1', file: 'f', total: size, reason: undefined };
  expect(events).toMatchObject([
    { ...common, phase: 'start', bytes: 0 },
    { ...common, phase: 'done', bytes: size },
  ]);
  expect(events[0]).not.toHaveProperty('retransmits');
});

it('§7: sends the last packet again when its ACK stays away, and ends when the ACK comes', async () => {
  const { client, port, events } = await setup({ f: pattern(3) });
  await client.send(rawRequest(1, 'f'), port);
  const first = await client.next();
  const again = await client.next(1500);
  expect(again).toEqual(first);
  await client.send(rawAck(1), first!.port);
  await until(() => events.some((e) => e.phase === 'done'));
});

it('a closed server answers nothing more', async () => {
  const { client, port, server } = await setup();
  await server.close();
  await client.send(rawRequest(1, 'f'), port).catch(() => {});
  expect(await client.next(100)).toBeUndefined();
});
