import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';

/** A running nginx with one worker, its files all in one folder. */
export interface Nginx {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** True when nginx can be started. */
export const hasNginx = (): boolean => spawnSync('nginx', ['-v'], { stdio: 'ignore' }).error === undefined;

/**
 * Starts nginx on loopback with `www` as its root: with sendfile, as its manual advises for large files, or with buffers of 512 KiB,
 * which is faster where the kernel copies from its page cache slowly.
 */
export async function startNginx(folder: string, www: string, how: 'sendfile' | 'buffers'): Promise<Nginx> {
  mkdirSync(folder);
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
    mkdirSync(join(folder, name), { recursive: true });
    return `${name}_temp_path ${join(folder, name)};`;
  });
  const config = join(folder, 'nginx.conf');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    config,
    `${user} daemon off; worker_processes 1; pid ${join(folder, 'nginx.pid')}; error_log stderr crit;
events { worker_connections 1024; }
http { access_log off; ${how === 'sendfile' ? 'sendfile on; tcp_nopush on;' : 'sendfile off; output_buffers 2 512k;'} ${temp.join(' ')}
  server { listen 127.0.0.1:${port} backlog=1024; root ${www}; } }
`,
  );
  const child = spawn('nginx', ['-c', config, '-p', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  await answering(port);
  return {
    port,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when something accepts connections. */
async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error('nginx did not begin to listen');
}
