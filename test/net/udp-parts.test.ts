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

it('goes on a datagram at a time where the way does not take many, and does not ask again', async () => {
  const receiver = await openUdp({ address, port: 0 }, () => undefined);
  const sizes: number[] = [];
  // Standard error: a descriptor that is no socket refuses the option.
  const refused = await createPartSender(2, async (data) => void sizes.push(data.length));
  await refused.send(content(250), 100, receiver.local);
  expect(sizes).toEqual([100, 100, 50]);
  await receiver.close();

  const socket = await openDeviceSocket({ address, port: 0 }, undefined);
  const tried: number[] = [];
  const unfit = await createPartSender(socket.fd, async (data) => {
    tried.push(data.length);
    if (data.length > 100) throw Object.assign(new Error('EIO'), { code: 'EIO' });
  });
  await unfit.send(content(250), 100, receiver.local);
  await unfit.send(content(200), 100, receiver.local);
  expect(tried).toEqual([250, 100, 100, 50, 100, 100]);
  socket.close();
});
