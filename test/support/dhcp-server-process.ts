import { readFileSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/base/clock.ts';
import { createOpenUdp } from '../../src/net/dgram.ts';
import type { OpenUdp } from '../../src/net/udp.ts';
import { createDhcpServer, type DhcpServerOptions } from '../../src/pxe/dhcp/index.ts';
import type { BootDecision, Lease, LeaseStore } from '../../src/pxe/ports.ts';

/**
 * A DHCP server as a process of its own, so that tests can start it in a network namespace. argv[2] is a JSON text of Setup;
 * stdout gets one JSON value a line: `ready`, what the policy is asked, every event, names asked by TFTP and paths asked by HTTP; `close` on stdin ends it.
 */
export interface Setup {
  readonly options: DhcpServerOptions;
  readonly decision: BootDecision;
  readonly leaseFile: string;
  /** TFTP (69) and HTTP (8081) on the server's address that only say what was asked. */
  readonly listenForBoot?: boolean;
  readonly httpLoaderUrl?: string;
  /** Hides from the server that an iPXE has HTTP: what a ROM built without it sends. */
  readonly hideIpxeHttp?: boolean;
}

const setup = JSON.parse(process.argv[2] ?? '') as Setup;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

function fileLeases(path: string): LeaseStore {
  const read = (): Lease[] => {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as Lease[];
    } catch {
      return [];
    }
  };
  return {
    load: () => Promise.resolve(read()),
    async commit(leases) {
      const all = new Map([...read(), ...leases].map((lease) => [lease.ip, lease]));
      writeFileSync(path, JSON.stringify([...all.values()]));
    },
  };
}

const loaders: Readonly<Record<string, string | undefined>> = {
  bios: 'undionly.kpxe',
  'uefi-x64': 'snponly.efi',
};
const udp = createOpenUdp();
/** Sub-option 0x13 of option 175, with its length and value, as iPXE writes it. */
const httpFeature = Buffer.from([0x13, 1, 1]);
const openUdp: OpenUdp = (options, receive) =>
  udp(options, (data, from) => {
    const at = Buffer.from(data).indexOf(httpFeature);
    if (setup.hideIpxeHttp === true && at > 0) data.set([0x7e], at);
    receive(data, from);
  });

const server = await createDhcpServer(setup.options, {
  openUdp,
  clock: systemClock,
  leases: fileLeases(setup.leaseFile),
  policy: {
    decide(sighting) {
      say({ kind: 'saw', sighting });
      return setup.decision;
    },
  },
  events: say,
  loaderFor: (firmware) => loaders[firmware],
  httpLoaderUrl: () => setup.httpLoaderUrl,
});

if (setup.listenForBoot === true) {
  const tftp = createSocket('udp4');
  // RFC 1350 §5: opcode 1, file name, NUL.
  tftp.on('message', (data) => say({ kind: 'asked', tftp: data.subarray(2, data.indexOf(0, 2)).toString() }));
  tftp.bind(69, setup.options.serverAddress);
  createServer((connection) => {
    connection.on('error', () => {});
    connection.once('data', (data) => {
      say({ kind: 'asked', http: data.toString('latin1').split('\r\n')[0] });
      connection.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    });
  }).listen(8081, setup.options.serverAddress);
}

say({ kind: 'ready', port: server.port });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'close') break;
}
await server.close();
say({ kind: 'closed' });
process.exit(0);
