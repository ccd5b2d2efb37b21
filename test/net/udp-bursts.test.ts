import { describe, expect, it } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { openUdp } from '../../src/net/dgram.ts';
import type { NativeBytes } from '../../src/net/libc.ts';
import type { UdpPeer, UdpSocket } from '../../src/net/udp.ts';
import { openBursts } from '../../src/net/udp-bursts.ts';

const address = parseIpv4('127.0.0.1');
if (address === undefined) throw new Error('no address');

const content = (bytes: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, at) => (at + seed) % 251);

describe.each(['apart', 'joined'] as const)('a socket with bursts, %s', (bursts) => {
  it('sends and receives many at a time, whole, each from its sender, those of one length in order', async () => {
    const got: { readonly text: string; readonly from: UdpPeer }[] = [];
    const receiver = await openUdp({ address, port: 0, bursts }, (data, from) =>
      got.push({ text: Buffer.from(data).toString('hex'), from }),
    );
    const senders: UdpSocket[] = [];
    for (let n = 0; n < 3; n++) senders.push(await openUdp({ address, port: 0, bursts }, () => undefined));
    const sent = new Map<number, string[]>();
    const lengths = [20, 300, 300, 0, 1400, 20, 1];
    for (let round = 0; round < 6; round++) {
      const sending = senders.flatMap((sender, which) =>
        Array.from({ length: 30 }, (_, n) => {
          const data = content(lengths[n % lengths.length] ?? 0, 100 * which + n + round);
          const texts = sent.get(sender.local.port) ?? [];
          sent.set(sender.local.port, [...texts, Buffer.from(data).toString('hex')]);
          return sender.send(data, receiver.local);
        }),
      );
      await Promise.all(sending);
      await expect.poll(() => got.length).toBe((round + 1) * sending.length);
    }
    for (const { local } of senders) {
      const texts = got.filter(({ from }) => from.port === local.port).map(({ text }) => text);
      const ofLength = (all: readonly string[], length: number): readonly string[] =>
        all.filter((text) => text.length === 2 * length);
      for (const length of new Set(lengths))
        expect(ofLength(texts, length)).toEqual(ofLength(sent.get(local.port) ?? [], length));
    }
    expect(got.every(({ from }) => from.address === '127.0.0.1')).toBe(true);
    for (const socket of [receiver, ...senders]) await socket.close();
  });

  it('takes the largest datagram there is, and more at a time than one call does', async () => {
    const got: number[] = [];
    const receiver = await openUdp({ address, port: 0, bursts }, (data) => got.push(data.length));
    const sender = await openUdp({ address, port: 0, bursts }, () => undefined);
    await sender.send(content(65_507, 0), receiver.local);
    await expect.poll(() => got).toEqual([65_507]);
    await Promise.all(Array.from({ length: 200 }, () => sender.send(content(100, 1), receiver.local)));
    await expect.poll(() => got.length).toBe(201);
    expect(got.slice(1).every((length) => length === 100)).toBe(true);
    await Promise.all([receiver.close(), sender.close()]);
  });

  it('tells whose datagram could not be sent, and sends the others', async () => {
    const got: number[] = [];
    const receiver = await openUdp({ address, port: 0, bursts }, (data) => got.push(data.length));
    const sender = await openUdp({ address, port: 0, bursts }, () => undefined);
    const results = await Promise.allSettled([
      sender.send(content(10, 0), receiver.local),
      // The socket has no right to broadcast.
      sender.send(content(11, 0), { address: '255.255.255.255', port: receiver.local.port }),
      sender.send(content(12, 0), receiver.local),
      sender.send(new Uint8Array(65_508), receiver.local),
      sender.send(content(13, 0), receiver.local),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    await expect.poll(() => got.toSorted((a, b) => a - b)).toEqual([10, 12, 13]);
    await Promise.all([receiver.close(), sender.close()]);
  });

  it('may be closed while it hands over what it has read, and sends nothing afterwards', async () => {
    const got: number[] = [];
    const receiver = await openUdp({ address, port: 0, bursts }, (data) => {
      got.push(data.length);
      if (got.length === 3) void receiver.close();
    });
    const sender = await openUdp({ address, port: 0, bursts }, () => undefined);
    await Promise.all(Array.from({ length: 60 }, () => sender.send(content(100, 1), receiver.local)));
    await expect.poll(() => got.length).toBeGreaterThanOrEqual(3);
    await receiver.close();
    const count = got.length;
    await sender.send(content(100, 1), receiver.local);
    const late = sender.send(content(100, 1), receiver.local);
    await sender.close();
    await expect(late).rejects.toMatchObject({ code: 'io' });
    await expect(sender.send(content(1, 1), receiver.local)).rejects.toMatchObject({ code: 'io' });
    expect(got.length).toBe(count);
  });
});

/** A kernel that takes as many of the messages of a call as it is told, or fails with an error. */
function fakeKernel(answers: readonly (number | string)[]) {
  const calls: number[] = [];
  const usual: number[] = [];
  const memories: { isFree: boolean }[] = [];
  let error = '';
  return {
    calls,
    usual,
    memories,
    send: (data: Uint8Array): Promise<void> => {
      usual.push(data.length);
      return Promise.resolve();
    },
    system: {
      pointerBytes: 8,
      allocate(bytes: number): NativeBytes {
        const memory = { isFree: false };
        memories.push(memory);
        return { bytes: new Uint8Array(bytes), address: 4096, free: () => void (memory.isFree = true) };
      },
      sendmmsg(_fd: number, _vector: number, length: number) {
        const answer = answers[calls.length] ?? length;
        calls.push(length);
        if (typeof answer === 'number') return answer;
        error = answer;
        return -1;
      },
      recvmmsg: () => -1,
      lastError: () => error,
    },
  };
}

describe('sending at a time', () => {
  const peer = { address: '192.0.2.1', port: 68 };
  const send = async (
    kernel: ReturnType<typeof fakeKernel>,
    rounds: readonly (readonly number[])[],
    mayJoin = true,
  ) => {
    const bursts = await openBursts(3, mayJoin, kernel.send, kernel.system);
    if (bursts === undefined) throw new Error('no bursts');
    for (const lengths of rounds)
      await Promise.all(lengths.map((length) => bursts.send(new Uint8Array(length), peer)));
    bursts.close();
    bursts.close();
    return bursts;
  };

  it('joins those of one length to one peer where it may', async () => {
    const joined = fakeKernel([]);
    await send(joined, [[300, 300, 280, 300]]);
    expect(joined.calls).toEqual([2]);
    const apart = fakeKernel([]);
    await send(apart, [[300, 300, 280, 300]], false);
    expect(apart.calls).toEqual([4]);
  });

  it('leaves to the usual way what the kernel does not take at once', async () => {
    const full = fakeKernel([2, 'EAGAIN']);
    await send(full, [
      [1, 2, 3, 4],
      [5, 5],
    ]);
    expect(full.usual).toEqual([3, 4, 5, 5]);
  });

  it('joins no more where the way takes no such packets, and where the socket is only full goes on', async () => {
    const unfit = fakeKernel(['EIO']);
    await send(unfit, [
      [300, 300],
      [300, 300],
    ]);
    expect(unfit.usual).toEqual([300, 300]);
    expect(unfit.calls).toEqual([1, 2]);
    const full = fakeKernel(['ENOBUFS']);
    await send(full, [
      [300, 300],
      [300, 300],
    ]);
    expect(full.calls).toEqual([1, 1]);
  });

  it('gives its memory back once, and knows no other processors than those of 64 bits', async () => {
    const kernel = fakeKernel([]);
    const bursts = await send(kernel, [[1]]);
    expect(kernel.memories.map(({ isFree }) => isFree)).toEqual([true, true]);
    await bursts.send(new Uint8Array(7), peer);
    expect(kernel.usual).toEqual([7]);
    expect(await openBursts(3, true, kernel.send, { ...kernel.system, pointerBytes: 4 })).toBeUndefined();
  });
});
