import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { say } from '../support/report.ts';
import { isInstalled, pinned } from './programs.ts';
import { addressesOf, bmcLogin, bmcPort, type Fleet } from './targets.ts';

/** A program of others that asks each BMC of a fleet for its power over a session of its own. */
export interface Peer {
  readonly name: string;
  /** BMCs in one run; slow programs get fewer, and their time is scaled. */
  readonly sample: number;
  /** Milliseconds for the fleet, start of the program included. Rejects when not all of them answered. */
  look(fleet: Fleet): Promise<number>;
}

interface Run {
  readonly command: readonly string[];
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly answers: (output: string) => number;
}

async function timed(fleet: Fleet, { command, input = '', env = {}, answers }: Run): Promise<number> {
  const begun = performance.now();
  const [program = '', ...args] = [...pinned('measured'), ...command];
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.end(input);
  await once(child, 'close');
  const ms = performance.now() - begun;
  const answered = answers(output);
  if (answered !== fleet.count)
    throw new Error(`${command[0]} got ${answered} answers of ${fleet.count} BMCs`);
  return ms;
}

const lines = (fleet: Fleet): string => `${addressesOf(fleet).join('\n')}\n`;
const count = (pattern: RegExp) => (output: string) => output.match(pattern)?.length ?? 0;

/** One process and one thread, all BMCs together; it knows no session that lasts longer than a command. */
const ipmipower: Peer = {
  name: 'ipmipower -s, new sessions',
  sample: 1000,
  async look(fleet) {
    const config = join(tmpdir(), `rackwright-bench-ipmipower-${process.pid}.conf`);
    writeFileSync(config, `username ${bmcLogin.username}\npassword ${bmcLogin.password}\n`, { mode: 0o600 });
    const hosts = addressesOf(fleet).map((address) => `${address}:${bmcPort}`);
    const options = ['-D', 'LAN_2_0', '-I', '17', '-l', 'OPERATOR', '-s', '-h', hosts.join(',')];
    try {
      const command = ['ipmipower', `--config-file=${config}`, ...options];
      return await timed(fleet, { command, answers: count(/: off$/gm) });
    } finally {
      rmSync(config);
    }
  },
};

const ipmitool: Peer = {
  name: 'ipmitool, 16 at a time',
  sample: 200,
  look(fleet) {
    const options = ['-I', 'lanplus', '-C', '17', '-L', 'OPERATOR', '-p', String(bmcPort)];
    const ask = ['-U', bmcLogin.username, '-E', '-H', '{}', 'chassis', 'power', 'status'];
    return timed(fleet, {
      command: ['xargs', '-P', '16', '-I', '{}', 'ipmitool', ...options, ...ask],
      input: lines(fleet),
      env: { IPMITOOL_PASSWORD: bmcLogin.password },
      answers: count(/^Chassis Power is off$/gm),
    });
  },
};

/** Distributions install the package for their own Python, which may not be the first one. */
const pythons = ['python3', '/usr/bin/python3'];
const hasPyghmi = (python: string): boolean =>
  spawnSync(python, ['-c', 'import pyghmi.ipmi.command'], { stdio: 'ignore' }).status === 0;

const pyghmi = (python: string): Peer => ({
  name: 'pyghmi, 16 threads',
  sample: 1000,
  look: (fleet) =>
    timed(fleet, {
      command: [python, resolve(import.meta.dirname, 'pyghmi-look.py'), String(bmcPort)],
      input: lines(fleet),
      env: { BMC_USER: bmcLogin.username, BMC_PASSWORD: bmcLogin.password },
      answers: Number,
    }),
});

/** The peers that are installed; a missing one is named on stderr. */
export function findPeers(): Partial<Record<'ipmipower' | 'ipmitool' | 'pyghmi', Peer>> {
  const python = pythons.find(hasPyghmi);
  const peers = {
    ...(isInstalled('ipmipower') && { ipmipower }),
    ...(isInstalled('ipmitool') && { ipmitool }),
    ...(python !== undefined && { pyghmi: pyghmi(python) }),
  };
  const packages = { ipmipower: 'freeipmi-tools', ipmitool: 'ipmitool', pyghmi: 'python3-pyghmi' };
  for (const [name, debian] of Object.entries(packages))
    if (!(name in peers)) say(`skipped: rows against ${name}, which is missing (Debian: ${debian})`);
  return peers;
}
