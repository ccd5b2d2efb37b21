import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { baseUrlOf } from './zstack/request.ts';

/** The page's files are of these kinds; others in the folder are not served. */
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

const notBuilt =
  'The console page is not built: run "npm run build:web" in the checkout of the server and start it again.\n' +
  'The console can be used in a terminal meanwhile: rackwright console <chassis>\n';

interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/** A name with a hash of its content in it, as bundlers make: `main-4KX2ZQ7B.js`. Such a file never changes. */
const isHashed = (name: string): boolean =>
  /[.-][0-9A-Za-z_]{8,}\.\w+$/.test(name) && !name.endsWith('.html');

/** Files below a folder by their path in URLs; none when the folder is not there. */
async function readPage(folder: string | undefined): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  if (folder === undefined) return files;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const type = contentTypes[extname(entry.name)];
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(join(folder, '/').length).replaceAll('\\', '/');
    // What the router would decode or take for a variable is no file of ours.
    if (!entry.isFile() || type === undefined || !/^[\w./-]+$/.test(name)) continue;
    const body = await readFile(path);
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
    files.set(name, { type, body, etag });
  }
  return files;
}

/**
 * What the page may do: load its own files and talk to this server. `style-src` lets the terminal and the screen set styles; `data:`
 * pictures are what screens are made of. Some browsers do not count a WebSocket to the same host as 'self'.
 */
function policyFor(baseUrl: string): string {
  const { host, protocol } = new URL(baseUrl);
  const sockets = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}`;
  return [
    "default-src 'self'",
    `connect-src 'self' ${sockets}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * Serves the built console page below `/console/`, and below `/zstack/console/` for a public URL with that path. The files are read
 * once, at the start, and nothing else of the disk can be asked for. The page holds no secret and needs no session.
 */
export async function registerConsolePage(
  app: FastifyInstance,
  { folder, publicUrl }: { readonly folder: string | undefined; readonly publicUrl: string | undefined },
): Promise<void> {
  const files = await readPage(folder);

  const send = (request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply => {
    reply
      .header('Content-Security-Policy', policyFor(baseUrlOf(request, publicUrl)))
      .header('X-Content-Type-Options', 'nosniff')
      .header('Referrer-Policy', 'no-referrer')
      .header('Cross-Origin-Opener-Policy', 'same-origin')
      .header('Cross-Origin-Resource-Policy', 'same-origin');
    const file = files.get(name);
    if (file === undefined) {
      return reply
        .code(503)
        .header('Cache-Control', 'no-store')
        .type('text/plain; charset=utf-8')
        .send(notBuilt);
    }
    reply.header('Cache-Control', isHashed(name) ? 'public, max-age=31536000, immutable' : 'no-cache');
    reply.header('ETag', file.etag);
    const known = request.headers['if-none-match']?.split(',').map((one) => one.trim().replace(/^W\//, ''));
    if (known?.includes(file.etag) === true) return reply.code(304).send();
    return reply.type(file.type).send(file.body);
  };

  // HEAD is how the page asks whether the server is back.
  const serve = (
    url: string,
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>,
  ) => app.route({ method: ['GET', 'HEAD'], url, handler });

  for (const prefix of ['/console', '/zstack/console']) {
    // Relative links of the page need the slash; the router takes both for one path.
    serve(`${prefix}/`, async (request, reply) => {
      const [path = ''] = request.url.split('?');
      return path.endsWith('/')
        ? send(request, reply, 'index.html')
        : reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`);
    });
    for (const name of files.keys()) {
      serve(`${prefix}/${name}`, async (request, reply) => send(request, reply, name));
    }
  }
}
