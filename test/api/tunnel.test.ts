import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { tunnel, tunnelLimits } from '../../src/api/streams/tunnel.ts';
import { systemClock } from '../../src/base/clock.ts';

it('of a stream that ended before anybody listened ends at once, and tells the viewer', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  await once(server, 'listening');
  const viewer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => viewer.terminate());
  const [socket] = (await once(server, 'connection')) as [WebSocket];
  const stream = new PassThrough();
  stream.destroy();
  await once(stream, 'close');

  const { ended } = tunnel(socket, stream, tunnelLimits, systemClock);
  const closed = once(viewer, 'close');
  expect(await ended).toEqual({
    by: 'stream',
    why: 'the host closed the connection',
    toViewer: 0,
    toStream: 0,
  });
  expect((await closed)[0]).toBe(1000);
});
