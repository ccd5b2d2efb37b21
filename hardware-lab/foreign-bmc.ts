import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { BootFlag, Machine } from './machine.ts';
import { waitFor } from './processes.ts';
import type { Topology } from './topology.ts';

/** A BMC that nobody here wrote (OpenIPMI's ipmi_sim), wired to the power of one lab machine. */
export interface ForeignBmc {
  readonly address: string;
  readonly port: number;
  readonly username: string;
  /** Random for every lab; it is in the BMC's own file only, never in an argument. */
  readonly password: string;
  close(): Promise<void>;
}

const bootFlags: readonly string[] = ['none', 'pxe', 'default', 'bios', 'cdrom'];

/** Carries out one request of the chassis control program; answers what ipmi_sim reads. ipmi_lan(5), chassis_control */
async function obey(machine: Machine, request: string): Promise<string> {
  const [verb = '', name = '', value = ''] = request.split(' ');
  switch (`${verb} ${name}`) {
    case 'get power':
      return `power:${machine.isOn() ? 1 : 0}`;
    case 'get boot':
      return `boot:${machine.bootFlag()}`;
    case 'set power':
      await (value === '0' ? machine.powerOff('bmc') : machine.powerOn('bmc'));
      return '';
    case 'set reset':
      await machine.reset('bmc');
      return '';
    case 'set boot':
      if (!bootFlags.includes(value)) return `error: no boot device ${value}`;
      machine.setBootFlag(value as BootFlag);
      return '';
    case 'set shutdown':
      await machine.pressPowerButton();
      return '';
    case 'set identify':
      return '';
    default:
      return `error: unknown request ${request}`;
  }
}

/** True when a UDP socket of the process' network namespace is bound to `address` and `port`. proc(5), /proc/net/udp */
async function isBound(pid: number, address: string, port: number): Promise<boolean> {
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  const wanted = `${address
    .split('.')
    .toReversed()
    .map((octet) => hex(Number(octet), 2))
    .join('')}:${hex(port, 4)}`;
  return (await readFile(`/proc/${pid}/net/udp`, 'utf8')).includes(wanted);
}

/**
 * Starts ipmi_sim for a machine and resolves when it takes datagrams. `folder` is the machine's private folder; it must have no blank in its path, because
 * ipmi_sim hands the control program's line to a shell.
 */
export async function startForeignBmc(options: {
  readonly machine: Machine;
  readonly address: string;
  readonly folder: string;
  readonly topology: Topology;
  /** TCP port of 127.0.0.1 inside the namespace that is the machine's serial port; without one there is no serial over LAN. */
  readonly serialPort?: number;
  readonly password?: string;
}): Promise<ForeignBmc> {
  const { machine, address, topology } = options;
  const folder = join(options.folder, 'bmc');
  const port = 623;
  const username = 'admin';
  // 16 characters: IPMI 1.5's limit, which ipmi_sim keeps to (IPMI 2.0 §22.30 allows 20).
  const password = options.password ?? randomBytes(8).toString('hex');
  const control = join(folder, 'control.sock');
  const script = join(folder, 'chassis-control');
  mkdirSync(join(folder, 'state'), { recursive: true, mode: 0o700 });

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let request = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      request += chunk;
    });
    socket.on('end', () => {
      obey(machine, request.trim()).then(
        (answer) => socket.end(answer === '' ? '' : `${answer}\n`),
        (error: unknown) => socket.end(`error: ${String(error)}\n`),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(control, resolve);
  });

  const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const sol = options.serialPort === undefined ? '' : `  sol "tcp:127.0.0.1:${options.serialPort}" 115200\n`;
  const program = [process.execPath, join(import.meta.dirname, 'chassis-control.js'), control]
    .map(quote)
    .join(' ');
  writeFileSync(script, `#!/bin/sh\nexec ${program} "$@"\n`, { mode: 0o700 });
  writeFileSync(
    join(folder, 'lan.conf'),
    `name "${machine.name}"
set_working_mc 0x20
  startlan 1
    addr ${address} ${port}
    priv_limit admin
    allowed_auths_callback md2 md5
    allowed_auths_user md2 md5
    allowed_auths_operator md2 md5
    allowed_auths_admin md2 md5
    guid ${machine.uuid.replaceAll('-', '')}
  endlan
${sol}  chassis_control "${script} 0x20"
  user 1 false "" "" user 10 md2 md5
  user 2 true "${username}" "${password}" admin 10 md2 md5
`,
    { mode: 0o600 },
  );
  writeFileSync(
    join(folder, 'bmc.emu'),
    'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n',
    { mode: 0o600 },
  );
  const simulator = await topology.start(
    'ipmi_sim',
    ['-n', '-c', join(folder, 'lan.conf'), '-f', join(folder, 'bmc.emu'), '-s', join(folder, 'state')],
    { logFile: join(options.folder, 'bmc.log') },
  );
  const close = async (): Promise<void> => {
    await simulator.kill();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  try {
    await waitFor(`BMC of ${machine.name} on ${address}`, 10_000, async () => {
      if (!simulator.isRunning()) throw new Error('ipmi_sim ended at once, see bmc.log');
      return (await isBound(simulator.pid, address, port)) ? true : undefined;
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { address, port, username, password, close };
}
