import { createServer } from 'node:net';
import type { Gate } from './gate.ts';

/** HTTP on this machine, as the lab's clients want it. */
export const loopback: Pick<Gate, 'fetch'> = {
  async fetch(url, { method = 'GET', headers = {}, body, timeoutMs = 60_000 } = {}) {
    const answer = await fetch(url, {
      method,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      bytes,
      text: bytes.toString(),
    };
  },
};

/** A port of the loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
