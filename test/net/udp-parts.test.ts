import { expect, it } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { openUdp } from '../../src/net/dgram.ts';
import { openDeviceSocket } from '../../src/net/device-socket.ts';
import { createPartSender } from '../../src/net/udp-parts.ts';

const address = parseIpv4('127.0.0.1');
if (address === undefined) throw new Error('no address');

const content = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, at) => at % 251);

it('sends datagrams of one size, all bytes in order, however many a call takes', async () => {
  const got: Uint8Array[] = [];
  const receiver = await openUdp({ address, port: 0 }, (data) => got.push(data.slice()));
  const sender = await openUdp({ address, port: 0, parts: true }, () => undefined);
  expect('sendParts' in sender).toBe(true);
  for (const [bytes, size] of [
    [16 * 1472, 1472],
    [64 * 1472, 1472],
    [100 * 100 + 7, 100],
    [50, 100],
    [3 * 1000, 500],
  ] as const) {
    got.length = 0;
    const data = content(bytes);
    await sender.sendParts?.(data, size, receiver.local);
    await expect.poll(() => got.reduce((sum, one) => sum + one.length, 0)).toBe(bytes);
    expect(got.map((one) => one.length)).toEqual(
      Array.from({ length: Math.ceil(bytes / size) }, (_, n) => Math.min(size, bytes - n * size)),
    );
    expect(Buffer.concat(got).equals(data)).toBe(true);
  }
  // A single one afterwards is one.
  got.length = 0;
  await sender.send(content(20), receiver.local);
  await expect.poll(() => got.map((one) => one.length)).toEqual([20]);
  await sender.close();
  await expect(sender.sendParts?.(content(300), 100, receiver.local)).rejects.toMatchObject({ code: 'io' });
  await receiver.close();
});

it('cuts nothing but parts: single datagrams between them arrive whole, whatever was sent before', async () => {
  const got: number[] = [];
  const receiver = await openUdp({ address, port: 0 }, (data) => got.push(data.length));
  const sender = await openUdp({ address, port: 0, parts: true }, () => undefined);
  const expected: number[] = [];
  const sending: Promise<void>[] = [];
  const sendParts = async (bytes: number, size: number): Promise<void> =>
    sender.sendParts?.(content(bytes), size, receiver.local);
  for (let round = 0; round < 5; round++) {
    sending.push(sendParts(60, 12));
    sending.push(sender.send(content(40 + round), receiver.local));
    sending.push(sendParts(250, 100));
    sending.push(sender.send(content(1000), receiver.local));
    expected.push(12, 12, 12, 12, 12, 40 + round, 100, 100, 50, 1000);
  }
  await Promise.all(sending);
  await expect.poll(() => got.length).toBe(expected.length);
  expect(got).toEqual(expected);
  await sender.close();
  await receiver.close();
});

/** The calls of a kernel that takes what `sendto` lets it, and whether parts were being cut at a call of `send`. */
function fakeKernel(sendto: (length: number) => string | undefined) {
  let segment = 0;
  let error = '';
  const together: number[] = [];
  const each: number[] = [];
  let release = (): void => {};
  let held: Promise<void> = Promise.resolve();
  return {
    together,
    each,
    hold: () => void (held = new Promise((resolve) => (release = resolve))),
    release: () => release(),
    segment: () => segment,
    send: async (data: Uint8Array): Promise<void> => {
      expect(segment).toBe(0);
      each.push(data.length);
      await held;
    },
    calls: {
      setsockopt(_fd: number, _level: number, _name: number, value: Uint8Array) {
        segment = new DataView(value.buffer).getInt32(0, true);
        return 0;
      },
      sendto(_fd: number, data: Uint8Array) {
        expect(segment).toBeGreaterThan(0);
        const failure = sendto(data.length);
        if (failure !== undefined) {
          error = failure;
          return -1;
        }
        together.push(data.length);
        return data.length;
      },
      lastError: () => error,
    },
  };
}

const peer = { address: '127.0.0.1', port: 9 };

it('hands what a full socket does not take over in single datagrams, and sends nothing past them', async () => {
  let room = 1;
  const kernel = fakeKernel(() => (room-- > 0 ? undefined : 'EAGAIN'));
  const parts = await createPartSender(3, kernel.send, kernel.calls);
  kernel.hold();
  const first = parts.send(content(64 * 100 + 250), 100, peer);
  expect([kernel.together, kernel.each, kernel.segment()]).toEqual([[6400], [100, 100, 50], 0]);
  room = 10;
  const second = parts.send(content(200), 100, peer);
  expect([kernel.together, kernel.each.slice(3)]).toEqual([[6400], [100, 100]]);
  kernel.release();
  await Promise.all([first, second]);
  await parts.send(content(300), 100, peer);
  expect([kernel.together, kernel.each.length, kernel.segment()]).toEqual([[6400, 300], 5, 0]);
  parts.close();
  await parts.send(content(200), 100, peer);
  expect(kernel.together.length).toBe(2);
});

it.each(['EIO', 'EINVAL', 'EMSGSIZE'])(
  'goes on a datagram at a time after %s, and does not ask again',
  async (code) => {
    let tried = 0;
    const kernel = fakeKernel(() => {
      tried++;
      return code;
    });
    const parts = await createPartSender(3, kernel.send, kernel.calls);
    await parts.send(content(250), 100, peer);
    await parts.send(content(200), 100, peer);
    expect([tried, kernel.each, kernel.segment()]).toEqual([1, [100, 100, 50, 100, 100], 0]);
  },
);

it('goes on a datagram at a time where the descriptor or the interface refuses parts', async () => {
  const sizes: number[] = [];
  // Standard error: a descriptor that is no socket refuses the option.
  const refused = await createPartSender(2, async (data) => void sizes.push(data.length));
  await refused.send(content(250), 100, peer);
  expect(sizes).toEqual([100, 100, 50]);

  // Parts that are larger than what loopback carries as one packet.
  const socket = await openDeviceSocket({ address, port: 0 }, undefined);
  const tried: number[] = [];
  const large = await createPartSender(socket.fd, async (data) => void tried.push(data.length));
  await large.send(content(80_000), 40_000, peer);
  expect(tried).toEqual([40_000, 40_000]);
  socket.close();
});
