import { afterEach } from 'vitest';
import type { TftpServerOptions } from '../../src/pxe/tftp/server.ts';
import { liveTftp, pattern, peer, rawRequest } from './tftp-peer.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

/** Closes it after the test. */
export function keep<T extends { close(): Promise<void> }>(thing: T): T {
  open.push(thing);
  return thing;
}

/** A live server and a client beside it, both closed after the test; `f` has 5,000 bytes. */
export async function tftpPair(
  files: Record<string, Uint8Array> = { f: pattern(5000) },
  options: Partial<TftpServerOptions> = {},
) {
  const live = await liveTftp(files, options);
  keep(live.server);
  return { ...live, client: keep(await peer()), port: live.server.port };
}

/** Sends a read of `f` with options and returns the first answer: the OACK's words, or those of nothing for data. */
export async function ask(...options: string[]) {
  const pair = await tftpPair();
  await pair.client.send(rawRequest(1, 'f', 'octet', options), pair.port);
  const first = await pair.client.next();
  if (first === undefined) throw new Error('the server does not answer');
  const kind = first.data[1];
  const words = kind === 6 ? first.data.subarray(2).toString('latin1').split('\0').slice(0, -1) : undefined;
  return { ...pair, tid: first.port, kind, words, first };
}

/** Numbers of the next `count` DATA packets; undefined for each that does not come within 150 ms. */
export async function blocks(
  client: Awaited<ReturnType<typeof peer>>,
  count: number,
): Promise<(number | undefined)[]> {
  const got: (number | undefined)[] = [];
  for (let i = 0; i < count; i++) got.push((await client.next(150))?.data.readUInt16BE(2));
  return got;
}
