import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';

/** Where a machine's screen can be seen: QEMU's own VNC server, which takes nobody as long as it has no password. */
export interface ScreenPlace {
  readonly address: string;
  readonly port: number;
}

/** Name of the virtio port by which a machine's installer asks for its screen. */
export const screenPortName = 'rackwright.screen';

const longestLine = 200;

/**
 * Listens on a unix socket for what an installer says at its machine's port: `vnc <password>` as its kickstart has it. `show` gives the
 * screen that password; the answer to the installer is the place, `<address> <port>`, or `none`. A password is never in an error.
 */
export function listenForScreen(
  path: string,
  show: (password: string) => Promise<ScreenPlace>,
): Promise<{ close(): void }> {
  rmSync(path, { force: true });
  let socket: Socket | undefined;
  const server = createServer();
  const answer = (connection: Socket, line: string): void => {
    const password = /^vnc ([!-~]{1,8})$/.exec(line)?.[1];
    const say = (text: string): void => void connection.write(`${text}\n`);
    if (password === undefined) return say('none');
    show(password).then(
      ({ address, port }) => say(`${address} ${port}`),
      () => say('none'),
    );
  };
  server.once('connection', (connection) => {
    socket = connection;
    server.close();
    let rest = '';
    connection.setEncoding('latin1');
    connection.on('error', () => connection.destroy());
    connection.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) answer(connection, line);
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () =>
      resolve({
        close() {
          server.close();
          socket?.destroy();
          rmSync(path, { force: true });
        },
      }),
    );
  });
}
