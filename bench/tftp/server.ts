import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { openUdp } from '../../src/net/dgram.ts';
import { createTftpServer } from '../../src/pxe/tftp/server.ts';

/** Our TFTP server alone: argv is an address and a folder whose files are read once. Ends when standard input ends. */
const [address = '', folder = ''] = process.argv.slice(2);
const parsed = parseIpv4(address);
if (parsed === undefined) throw new Error(`${address} is no IPv4 address`);
// In memory before the first request, as the product has its loaders.
const files = new Map(
  readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
);
const server = await createTftpServer(
  { address: parsed },
  { openUdp, clock: systemClock, files: (name) => files.get(name), events: () => {} },
);
process.stdin.resume();
process.stdin.once('end', () => void server.close());
