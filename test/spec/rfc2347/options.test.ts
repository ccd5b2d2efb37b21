import { afterEach, describe, expect, it } from 'vitest';
import { liveTftp, pattern, peer, rawAck, rawRequest } from '../../support/tftp-peer.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

/** Sends a read with options and returns the first answer: the OACK's words, or the number of a data block. */
async function ask(...options: string[]) {
  const { server, events } = await liveTftp({ f: pattern(5000) });
  const client = await peer();
  open.push(client, server);
  await client.send(rawRequest(1, 'f', 'octet', options), server.port);
  const first = await client.next();
  const kind = first?.data[1];
  const words = kind === 6 ? first!.data.subarray(2).toString('latin1').split('\0').slice(0, -1) : undefined;
  return { client, events, tid: first!.port, kind, words };
}

describe('RFC 2347', () => {
  it('§3: no known option means no OACK, data at once', async () => {
    expect(await ask('multicast', '', 'foo', 'bar')).toMatchObject({ kind: 3 });
  });
  it('§3: unknown options are left out of the OACK', async () => {
    expect((await ask('foo', 'bar', 'tsize', '0')).words).toEqual(['tsize', '5000']);
  });
  it('§2: option names are case-insensitive', async () => {
    expect((await ask('TSize', '0', 'BLKSIZE', '1024')).words).toEqual(['tsize', '5000', 'blksize', '1024']);
  });
  it('§3: data follows the ACK of block 0', async () => {
    const { client, tid } = await ask('blksize', '1024');
    expect(await client.next(100)).toBeUndefined();
    await client.send(rawAck(0), tid);
    const data = (await client.next())!.data;
    expect([...data.subarray(0, 4)]).toEqual([0, 3, 0, 1]);
    expect(data.length).toBe(1028);
  });
  it('§4: a client that refuses the options (ERROR 8) starts over without noise', async () => {
    const { client, tid, events } = await ask('blksize', '1024');
    await client.send(Uint8Array.of(0, 5, 0, 8, 0), tid);
    expect(await client.next(1200)).toBeUndefined();
    expect(events.map((e) => e.phase)).toEqual(['start']);
  });
});

describe('RFC 2348', () => {
  it.each([
    ['8', '8'],
    ['512', '512'],
    ['1432', '1432'],
    ['1468', '1468'],
    ['65464', '1468'],
  ])('§2: blksize %s is answered with %s', async (asked, answered) => {
    expect((await ask('blksize', asked)).words).toEqual(['blksize', answered]);
  });
  it.each(['7', '0', '65465', '-8', '1e3', '0x200', ' 512', '', '99999999999'])(
    '§2: blksize %j is no block size and is left out',
    async (asked) => {
      expect(await ask('blksize', asked)).toMatchObject({ kind: 3 });
    },
  );
});

describe('RFC 2349', () => {
  it('§3: tsize 0 is answered with the size', async () => {
    expect((await ask('tsize', '0')).words).toEqual(['tsize', '5000']);
  });
  it('§2: timeout is answered unchanged and used', async () => {
    const { client, words } = await ask('timeout', '2');
    expect(words).toEqual(['timeout', '2']);
    expect(await client.next(1800)).toBeUndefined();
    expect((await client.next(600))?.data[1]).toBe(6);
  });
  it.each(['0', '256', '61', 'x'])('§2: timeout %s is left out', async (asked) => {
    expect(await ask('timeout', asked)).toMatchObject({ kind: 3 });
  });
});

describe('RFC 7440', () => {
  it('§4: sends a window at a time and goes back to the first block that is missing', async () => {
    const { client, tid, words } = await ask('windowsize', '4');
    expect(words).toEqual(['windowsize', '4']);
    const blocks = async (n: number): Promise<(number | undefined)[]> => {
      const got = [];
      for (let i = 0; i < n; i++) got.push((await client.next(150))?.data[3]);
      return got;
    };
    await client.send(rawAck(0), tid);
    expect(await blocks(5)).toEqual([1, 2, 3, 4, undefined]);
    await client.send(rawAck(2), tid);
    expect(await blocks(5)).toEqual([3, 4, 5, 6, undefined]);
  });
  it.each([
    ['65535', '32'],
    ['1', '1'],
  ])('§3: windowsize %s is answered with %s', async (asked, answered) => {
    expect((await ask('windowsize', asked)).words).toEqual(['windowsize', answered]);
  });
  it.each(['0', '65536'])('§3: windowsize %s is left out', async (asked) => {
    expect(await ask('windowsize', asked)).toMatchObject({ kind: 3 });
  });
});
