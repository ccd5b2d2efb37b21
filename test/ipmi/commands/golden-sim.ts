import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectBmc } from '../../../src/ipmi/index.ts';
import { realDeps } from '../../support/ipmi-deps.ts';

/** ipmi_sim with the records of test/fixtures/ipmi-commands/bmc.emu, as a running program. */
export interface GoldenSim {
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  close(): Promise<void>;
}

const emu = join(import.meta.dirname, '../../fixtures/ipmi-commands/bmc.emu');
const login = { username: 'admin', password: 'test-secret' } as const;

const lanConf = (dir: string, address: string, port: number): string => `name "golden"
set_working_mc 0x20
  startlan 1
    addr ${address} ${port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${join(dir, 'chassis')} 0x20"
  user 1 true "" "" admin 10 none md2 md5 straight
  user 2 true "${login.username}" "${login.password}" admin 10 none md2 md5 straight
  user 3 true "oper" "test-oper" operator 10 none md2 md5 straight
`;

/** Starts it on a free port of a loopback address of its own and waits until a login works. */
export async function startGoldenSim(): Promise<GoldenSim> {
  const dir = mkdtempSync(join(tmpdir(), 'golden-sim-'));
  const address = `127.8.${Math.floor(Math.random() * 250)}.${1 + Math.floor(Math.random() * 250)}`;
  const port = await freePort(address);
  writeFileSync(join(dir, 'lan.conf'), lanConf(dir, address, port));
  writeFileSync(
    join(dir, 'chassis'),
    '#!/bin/sh\ncase "$2 $3" in "get power") echo power:1 ;; "get boot") echo boot:none ;; esac\n',
  );
  chmodSync(join(dir, 'chassis'), 0o755);
  const args = ['-c', join(dir, 'lan.conf'), '-f', emu, '-s', join(dir, 'state'), '-n'];
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const child = spawn('ipmi_sim', args, { stdio: 'ignore', env: { ...process.env, PATH: path } });
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  for (let tries = 1; ; tries++) {
    try {
      await (await connectBmc({ address, port, ...login }, realDeps)).close();
      return { address, port, ...login, close };
    } catch (error) {
      if (tries === 10) {
        await close();
        throw error;
      }
      await sleep(200);
    }
  }
}

/** A port that nobody has on the address; UDP ports of a fresh loopback address are all free, so TCP serves to choose one. */
function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, address, () => {
      const at = server.address();
      server.close(() => resolve(typeof at === 'object' && at !== null ? at.port : 0));
    });
  });
}
