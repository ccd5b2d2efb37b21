import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex } from '../../src/base/bytes.ts';

/** A user of the simulated BMC. */
export interface SimUser {
  readonly name: string;
  readonly password: string;
  readonly privilege: 'user' | 'operator' | 'admin';
}

export interface IpmiSimOptions {
  readonly users?: readonly SimUser[];
  /** 32 hex digits; Get System GUID answers these bytes as written. */
  readonly guid?: string;
  readonly powerOn?: boolean;
  /** IPMI 1.5 authentication types of the channel. Default all. */
  readonly auths?: string;
  /** Default: a loopback address of its own. */
  readonly address?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** TCP port of this machine to which serial over LAN is joined; default none. */
  readonly serialPort?: number;
  /** File with its records; default none. */
  readonly records?: string;
}

/** OpenIPMI's BMC simulator as a running program. */
export interface IpmiSim {
  readonly address: string;
  readonly port: number;
  /** Calls of the chassis script so far, e.g. `set power 1`; without the reads unless asked for. */
  calls(withReads?: boolean): readonly string[];
  powerOn(): boolean;
  setPower(on: boolean): void;
  /** The chassis script takes this long from now on; the simulator answers nobody meanwhile. */
  slow(seconds: number): void;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

export const simTool = { tool: 'ipmi_sim', package: 'openipmi' } as const;
export const simAdmin: SimUser = { name: 'admin', password: 'test-secret', privilege: 'admin' };
const defaultGuid = 'a123456789abcdefa123456789abcdef';

/** Get Channel Authentication Capabilities as ipmitool 1.8.19 sends it. */
const probe = fromHex('0600ff07000000000000000000092018c88100388e04b5');

/** Starts ipmi_sim on a free port of its own loopback address and waits until it answers. */
export async function startIpmiSim(options: IpmiSimOptions = {}): Promise<IpmiSim> {
  const dir = mkdtempSync(join(tmpdir(), 'ipmi-sim-'));
  const file = (name: string): string => join(dir, name);
  const any = (): number => 1 + Math.floor(Math.random() * 250);
  const address = options.address ?? `127.9.${any()}.${any()}`;
  const port = options.port ?? (await freePort(address));
  const setPower = (on: boolean): void => writeFileSync(file('power'), on ? '1\n' : '0\n');
  setPower(options.powerOn ?? false);
  writeFileSync(file('lan.conf'), lanConf(dir, address, port, options));
  writeFileSync(
    file('emu'),
    'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n',
  );
  writeFileSync(file('chassis'), chassisScript(dir));
  chmodSync(file('chassis'), 0o755);

  const args = ['-c', file('lan.conf'), '-f', options.records ?? file('emu'), '-s', file('state'), '-n'];
  const child = spawn('ipmi_sim', args, { stdio: 'ignore', env: { ...process.env, PATH: path() } });
  const close = async (): Promise<void> => {
    await endSim(child);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await answers(address, port);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    address,
    port,
    calls(withReads = false) {
      const lines = existsSync(file('calls')) ? readFileSync(file('calls'), 'utf8').trim().split('\n') : [];
      return lines.filter((line) => withReads || !line.startsWith('get '));
    },
    powerOn: () => readFileSync(file('power'), 'utf8').trim() === '1',
    setPower,
    slow: (seconds) => writeFileSync(file('sleep'), `${seconds}\n`),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    close,
  };
}

function path(): string {
  return `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
}

function lanConf(dir: string, address: string, port: number, options: IpmiSimOptions): string {
  const auths = options.auths ?? 'none md2 md5 straight';
  const users = (options.users ?? [simAdmin]).map(
    ({ name, password, privilege }, i) =>
      `  user ${i + 2} true "${name}" "${password}" ${privilege} 10 ${auths}`,
  );
  return [
    'name "lab"',
    'set_working_mc 0x20',
    '  startlan 1',
    `    addr ${address} ${port}`,
    '    priv_limit admin',
    ...['callback', 'user', 'operator', 'admin'].map((level) => `    allowed_auths_${level} ${auths}`),
    `    guid ${options.guid ?? defaultGuid}`,
    '  endlan',
    ...(options.serialPort === undefined ? [] : [`  sol "tcp:127.0.0.1:${options.serialPort}" 115200`]),
    `  chassis_control "${join(dir, 'chassis')} 0x20"`,
    ...users,
    '',
  ].join('\n');
}

/** Called as `chassis <mc> get power` or `chassis <mc> set power 1`; writes down each call. */
function chassisScript(dir: string): string {
  return `#!/bin/sh
cd ${dir}
shift
echo "$*" >> calls
[ -f sleep ] && sleep "$(cat sleep)"
case "$1 $2" in
  "get power") echo "power:$(cat power)" ;;
  "get boot") echo "boot:$(cat boot 2>/dev/null || echo none)" ;;
  "set power") echo "$3" > power ;;
  "set boot") echo "$3" > boot ;;
esac
`;
}

function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, address, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

function answers(address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    let tries = 0;
    const timer = setInterval(() => {
      if (++tries > 100) finish(new Error('ipmi_sim does not answer'));
      else socket.send(probe, port, address);
    }, 50);
    const finish = (error?: Error): void => {
      clearInterval(timer);
      socket.close();
      if (error) reject(error);
      else resolve();
    };
    socket.once('message', () => finish());
    socket.on('error', finish);
  });
}

/** SIGKILL, as ipmi_sim takes its time with others; resolves when the process is gone. */
export function endSim(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
