import { request } from 'node:http';
import { connect } from 'node:net';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './processes.ts';
import type { Topology } from './topology.ts';

/** An answer to an HTTP request made inside the namespace. */
export interface GateAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as UTF-8. */
  readonly text: string;
  /** The body as it came. */
  readonly bytes: Uint8Array;
}

/** HTTP from outside to whatever listens inside the lab's network namespace. */
export interface Gate {
  /** Makes one request of an absolute http URL as seen from inside; rejects when nobody answers within `timeoutMs` (30 s). */
  fetch(
    url: string,
    options?: {
      readonly method?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly timeoutMs?: number;
    },
  ): Promise<GateAnswer>;
  close(): Promise<void>;
}

/** Starts the gate's process in the namespace; resolves when it takes connections. */
export async function openGate(topology: Topology, folder: string): Promise<Gate> {
  const path = join(folder, 'gate.sock');
  const gate = await topology.start(process.execPath, [join(import.meta.dirname, 'gate.js'), path], {
    logFile: join(folder, 'gate.log'),
    lifeline: true,
  });
  await waitFor('the gate into the namespace', 10_000, () => (existsSync(path) ? true : undefined), 20);
  return {
    fetch(address, options = {}) {
      const url = new URL(address);
      return new Promise((resolve, reject) => {
        const message = request(
          {
            method: options.method ?? 'GET',
            host: url.hostname,
            port: url.port === '' ? 80 : url.port,
            path: `${url.pathname}${url.search}`,
            headers: {
              ...options.headers,
              ...(options.body === undefined ? {} : { 'content-length': Buffer.byteLength(options.body) }),
            },
            timeout: options.timeoutMs ?? 30_000,
            // Only without an agent does Node use createConnection; each request has a connection of its own.
            createConnection: () => {
              const socket = connect(path);
              socket.write(`${url.hostname} ${url.port === '' ? 80 : url.port}\n`);
              return socket;
            },
          },
          (answer) => {
            const chunks: Buffer[] = [];
            answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
            answer.on('error', reject);
            answer.on('end', () => {
              const bytes = Buffer.concat(chunks);
              const { statusCode: status = 0, headers } = answer;
              resolve({ status, headers, bytes, text: bytes.toString() });
            });
          },
        );
        message.on('timeout', () => message.destroy(new Error(`no answer from ${address}`)));
        message.on('error', reject);
        message.end(options.body);
      });
    },
    close: () => gate.kill(),
  };
}
