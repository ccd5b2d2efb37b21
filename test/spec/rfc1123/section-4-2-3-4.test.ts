import { expect, it } from 'vitest';
import { pattern, rawRequest } from '../../support/tftp-peer.ts';
import { tftpPair } from '../../support/tftp-ask.ts';

it.each(['/etc/passwd', '../f', '..\\f', 'x/../f', './f', 'F', '__proto__', 'constructor', 'toString', 'f '])(
  '§4.2.3.4: nothing but the table is open: %j is refused',
  async (name) => {
    const { client, port } = await tftpPair();
    await client.send(rawRequest(1, name), port);
    expect([...((await client.next())?.data.subarray(0, 4) ?? [])]).toEqual([0, 5, 0, 1]);
  },
);

it('§4.2.3.4: a write is refused with ERROR 2, also with options, and changes nothing', async () => {
  const { client, port, events } = await tftpPair({ f: pattern(9) });
  for (const name of ['f', 'new']) {
    await client.send(rawRequest(2, name, 'octet', ['tsize', '9', 'blksize', '512']), port);
    expect([...((await client.next())?.data.subarray(0, 4) ?? [])]).toEqual([0, 5, 0, 2]);
    expect(events.at(-1)).toMatchObject({ phase: 'refused', reason: 'this server is read-only' });
  }
  await client.send(rawRequest(1, 'f'), port);
  expect((await client.next())?.data.subarray(4)).toEqual(Buffer.from(pattern(9)));
});
