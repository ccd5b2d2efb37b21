import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from '../support/report.ts';
import { devices, type Lan, type Running } from './lan.ts';
import { addressOf, leaseSeconds, macBases, macOf, network, type ServerOrder } from './orders.ts';

const root = resolve(import.meta.dirname, '../..');
const built = resolve(root, '.cache/rackwright/bench-pxe');

/** One of the programs here, built: run with Node. */
export const builtProgram = (path: string): readonly string[] => [
  process.execPath,
  resolve(built, 'bench', path),
];

/** Builds our server and the load clients, so that nothing is measured through tsx. */
export function build(): void {
  execFileSync('npx', ['tsc', '-p', 'bench/pxe/tsconfig.json'], { cwd: root, stdio: 'inherit' });
}

/** True when `program` can be started; says which Debian package has it when not. */
export function isThere(program: string, debian: string): boolean {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const missing = spawnSync(program, ['-v'], { env, stdio: 'ignore' }).error !== undefined;
  if (missing) say(`skipped: rows with ${program}, which is missing (apt-get install ${debian})`);
  return !missing;
}

/** A fresh folder of the lab. */
export function freshFolder(lan: Lan, name: string): string {
  const folder = join(lan.folder, `${name}-${Date.now()}`);
  mkdirSync(folder);
  return folder;
}

/** Our own server. */
export interface OurServer extends Running {
  /** MiB in use after a forced collection: V8's heap, and what it holds outside. */
  inUseMiB(): Promise<number>;
}

/** Our own: the real segment on the real store. */
export async function serveOurs(lan: Lan, order: Omit<ServerOrder, 'folder' | 'device'>): Promise<OurServer> {
  const whole: ServerOrder = { ...order, folder: freshFolder(lan, 'ours'), device: devices.server };
  const [node = '', script = ''] = builtProgram('pxe/server.js');
  // For finding out where the time goes: PROFILE names a folder for profiles.
  const profile = process.env['PROFILE'];
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  execFileSync(node, [script, JSON.stringify({ ...whole, onlySeed: true })]);
  const command = [node, ...flags, script, JSON.stringify(whole)];
  const running = await lan.serve(command, { udp: [67, 69], tcp: [8081] });
  const answer = join(whole.folder, 'in-use.json');
  return {
    ...running,
    async inUseMiB() {
      rmSync(answer, { force: true });
      process.kill(running.pid, 'SIGUSR2');
      for (let tries = 0; !existsSync(answer); tries += 1) {
        if (tries > 100) throw new Error('the server does not say what it has in use');
        await sleep(100);
      }
      return (JSON.parse(readFileSync(answer, 'utf8')) as { bytes: number }).bytes / 2 ** 20;
    },
  };
}

const now = (): number => Math.floor(Date.now() / 1000);
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** dnsmasq with the leases of the known clients; `more` are arguments for booting. It pings before an offer, as it does by default. */
export function serveDnsmasq(
  lan: Lan,
  known: number,
  more: readonly string[] = [],
  udp: readonly number[] = [67],
): Promise<Running> {
  const leases = join(freshFolder(lan, 'dnsmasq'), 'leases');
  const expiry = now() + leaseSeconds;
  writeFileSync(
    leases,
    numbers(known)
      .map((n) => `${expiry} ${macOf(macBases.known, n)} ${addressOf(n)} * 01:${macOf(macBases.known, n)}\n`)
      .join(''),
  );
  return lan.serve(
    [
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--port=0',
      '--user=root',
      '--pid-file',
      '--log-facility=/dev/null',
      `--interface=${devices.server}`,
      `--dhcp-range=${network.rangeBegin},${network.rangeEnd},${network.netmask},${leaseSeconds}`,
      '--dhcp-lease-max=200000',
      '--dhcp-authoritative',
      `--dhcp-leasefile=${leases}`,
      ...more,
    ],
    { udp },
  );
}

/** Kea with its lease file in memory and on disk, as it comes: no fsync, one thread. */
export function serveKea(lan: Lan, known: number): Promise<Running> {
  const folder = freshFolder(lan, 'kea');
  const leases = join(folder, 'leases.csv');
  const expiry = now() + leaseSeconds;
  const columns =
    'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context';
  const rows = numbers(known).map((n) => {
    const mac = macOf(macBases.known, n);
    return `${addressOf(n)},${mac},01:${mac},${leaseSeconds},${expiry},1,0,0,,0,`;
  });
  writeFileSync(leases, `${[columns, ...rows].join('\n')}\n`);
  const config = join(folder, 'kea.json');
  writeFileSync(
    config,
    JSON.stringify({
      Dhcp4: {
        'interfaces-config': { interfaces: [devices.server] },
        'lease-database': { type: 'memfile', persist: true, name: leases },
        'valid-lifetime': leaseSeconds,
        subnet4: [
          {
            id: 1,
            subnet: `${network.subnet}/${network.prefix}`,
            pools: [{ pool: `${network.rangeBegin}-${network.rangeEnd}` }],
          },
        ],
        loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: 'stderr' }] }],
      },
    }),
  );
  return lan.serve(
    [
      'env',
      `KEA_PIDFILE_DIR=${folder}`,
      `KEA_LOCKFILE_DIR=${folder}`,
      `KEA_LOGGER_DESTINATION=stderr`,
      'kea-dhcp4',
      '-c',
      config,
    ],
    { udp: [67] },
  );
}

/** nginx on the server's side with `www` as its root. */
function serveNginx(lan: Lan, www: string): Promise<Running> {
  const folder = freshFolder(lan, 'nginx');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
    mkdirSync(join(folder, name));
    return `${name}_temp_path ${join(folder, name)};`;
  });
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `user root; daemon off; worker_processes 1; pid ${join(folder, 'nginx.pid')}; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off; sendfile on; tcp_nopush on; ${temp.join(' ')}
  server { listen ${network.server}:8081 backlog=1024; root ${www}; } }
`,
  );
  return lan.serve(['nginx', '-c', config, '-p', folder], { tcp: [8081] });
}

/** A folder with copies of files under other names. */
export function folderOf(lan: Lan, files: Readonly<Record<string, string>>): string {
  const folder = freshFolder(lan, 'files');
  for (const [name, from] of Object.entries(files)) cpSync(from, join(folder, name), { dereference: true });
  return folder;
}

/** dnsmasq for DHCP and TFTP and nginx for HTTP, as people set it up, as one server: folders for both, and more arguments of dnsmasq. */
export async function serveDnsmasqWithNginx(
  lan: Lan,
  folders: { readonly www: string; readonly tftp: string },
  more: readonly string[] = [],
): Promise<Running> {
  const nginx = await serveNginx(lan, folders.www);
  const boot = [
    '--enable-tftp',
    `--tftp-root=${folders.tftp}`,
    '--tftp-max=1000',
    '--dhcp-match=set:ipxe,175',
    '--dhcp-match=set:uefi,option:client-arch,7',
    '--dhcp-boot=tag:!ipxe,undionly.kpxe',
    '--dhcp-boot=tag:!ipxe,tag:uefi,snponly.efi',
    `--dhcp-boot=tag:ipxe,http://${network.server}:8081/boot.ipxe`,
    ...more,
  ];
  const dnsmasq = await serveDnsmasq(lan, 0, boot, [67, 69]);
  const both = [dnsmasq, nginx];
  return {
    pid: dnsmasq.pid,
    cpuSeconds: () => both.reduce((sum, one) => sum + one.cpuSeconds(), 0),
    residentMiB: () => both.reduce((sum, one) => sum + one.residentMiB(), 0),
    async stop() {
      for (const one of both) await one.stop();
    },
  };
}
