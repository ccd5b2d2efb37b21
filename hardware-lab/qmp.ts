import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';

/** One QMP event, e.g. `SHUTDOWN` with `{guest: true, reason: 'guest-reset'}`. QEMU QMP reference, "System emulation" */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Our end of a QEMU monitor. */
export interface Qmp {
  /** Runs one command; rejects with QEMU's own text, or when the monitor is gone. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
}

interface Message {
  readonly QMP?: unknown;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
  readonly return?: unknown;
  readonly error?: { readonly desc?: string };
  readonly id?: number;
}

/**
 * Listens on a unix socket that a QEMU started afterwards connects to before it runs the machine, so that no event is lost.
 * `ready` resolves when the monitor takes commands and rejects after `timeoutMs`.
 */
export function listenForQmp(
  path: string,
  onEvent: (event: QmpEvent) => void,
  timeoutMs = 10_000,
): Promise<{ readonly ready: Promise<Qmp>; close(): void }> {
  rmSync(path, { force: true });
  const waiting = new Map<number, (message: Message) => void>();
  let socket: Socket | undefined;
  let nextId = 1;
  const execute = (command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (socket === undefined || socket.destroyed) {
        reject(new Error(`${command}: the monitor is gone`));
        return;
      }
      const id = nextId++;
      waiting.set(id, (message) => {
        if (message.error === undefined) resolve(message.return);
        else reject(new Error(`${command}: ${message.error.desc ?? 'failed'}`));
      });
      socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  const server = createServer();
  const close = (): void => {
    server.close();
    socket?.destroy();
    rmSync(path, { force: true });
  };
  const ready = new Promise<Qmp>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('QEMU did not connect its monitor')), timeoutMs);
    const greet = (): void => {
      execute('qmp_capabilities').then(() => {
        clearTimeout(timer);
        resolve({ execute, close });
      }, reject);
    };
    server.once('connection', (connection) => {
      socket = connection;
      server.close();
      let rest = '';
      connection.setEncoding('utf8');
      connection.on('error', () => connection.destroy());
      connection.on('close', () => {
        clearTimeout(timer);
        reject(new Error('QEMU closed its monitor'));
        for (const answer of waiting.values()) answer({ error: { desc: 'the monitor is gone' } });
        waiting.clear();
      });
      connection.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines.filter((text) => text.trim() !== '')) {
          const message = JSON.parse(line) as Message;
          if (message.QMP !== undefined) greet();
          else if (message.event !== undefined) onEvent({ event: message.event, data: message.data ?? {} });
          else if (message.id !== undefined) {
            waiting.get(message.id)?.(message);
            waiting.delete(message.id);
          }
        }
      });
    });
  });
  // The caller may learn from the process first that there will be no monitor.
  ready.catch(() => undefined);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve({ ready, close }));
  });
}
