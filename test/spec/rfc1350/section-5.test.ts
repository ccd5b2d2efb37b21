import { expect, it } from 'vitest';
import { pattern, rawAck, rawRequest, until } from '../../support/tftp-peer.ts';
import { tftpPair } from '../../support/tftp-ask.ts';

const setup = (files: Record<string, Uint8Array> = { f: pattern(1100) }) => tftpPair(files);
const bytesOf = (received: { data: Buffer } | undefined): number[] => [...(received?.data ?? [])];

it('§5: refuses writes with ERROR 2, unknown names with 1, mail and malformed ones with 4, each with an event', async () => {
  const { client, port, events } = await setup();
  const refusals: [Uint8Array, number][] = [
    [rawRequest(2, 'f'), 2],
    [rawRequest(1, 'nothere'), 1],
    [rawRequest(1, 'f', 'mail'), 4],
    [Uint8Array.of(0, 1, 97, 98, 99), 4],
  ];
  for (const [bytes, code] of refusals) {
    await client.send(bytes, port);
    const answer = bytesOf(await client.next());
    expect(answer.slice(0, 4)).toEqual([0, 5, 0, code]);
    expect(answer.at(-1)).toBe(0);
  }
  expect(events.map((e) => e.phase)).toEqual(refusals.map(() => 'refused'));
  expect(events.every((e) => (e.reason ?? '').length > 5)).toBe(true);
});

it('appendix: a client’s ERROR ends the transfer', async () => {
  const { client, port, events } = await setup();
  await client.send(rawRequest(1, 'f'), port);
  const tid = (await client.next())!.port;
  await client.send(rawAck(1), tid);
  await client.next();
  await client.send(Buffer.from('\0\x05\0\x03disk full\0', 'latin1'), tid);
  await until(() => events.some((e) => e.phase === 'failed'));
  expect(events.at(-1)).toMatchObject({
    bytes: 512,
    reason: 'the client stopped: error 3 disk full, after block 1',
  });
  while ((await client.next(100)) !== undefined); // what was on its way
  expect(await client.next(1200)).toBeUndefined();
});
