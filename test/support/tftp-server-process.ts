import { systemClock } from '../../src/base/clock.ts';
import { openUdp } from '../../src/net/dgram.ts';
import { createTftpServer } from '../../src/pxe/tftp/server.ts';
import type { PxeEvent } from '../../src/pxe/ports.ts';
import { loopback, pattern } from './tftp-peer.ts';

/**
 * A TFTP server as a process of its own, so that a test can start it in a network namespace: port 69 of 127.0.0.1, one file
 * `f<size>` for any size. Prints `ready`, then each event as a line of JSON; ends when stdin ends.
 */
export type Line = 'ready' | PxeEvent;
const say = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const server = await createTftpServer(
  { address: loopback },
  {
    openUdp,
    clock: systemClock,
    files: (name) => (/^f\d+$/.test(name) ? pattern(Number(name.slice(1))) : undefined),
    events: say,
  },
);
say('ready');
process.stdin.resume();
process.stdin.once('end', () => void server.close());
