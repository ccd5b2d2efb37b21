import { type BootHttpDeps, createBootHttpServer } from '../../src/pxe/http/server.ts';
import type { Ipv4 } from '../../src/base/ipv4.ts';

/** Serves the file that it is given as `initrd` of every token, on a free port; stops with its standard input. */
const [path = ''] = process.argv.slice(2);
const content: BootHttpDeps['content'] = {
  get: async () => ({ kind: 'file', path, contentType: 'application/octet-stream' }),
  post: async () => ({ status: 404, text: '' }),
};
const server = await createBootHttpServer(
  { address: '127.0.0.1' as Ipv4, port: 0 },
  { content, loaders: () => undefined, events: () => {} },
);
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);
process.stdin.on('end', () => process.exit()).resume();
