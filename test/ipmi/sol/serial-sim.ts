import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex } from '../../../src/base/bytes.ts';
import { simAdmin } from '../../support/ipmi-sim.ts';

/** OpenIPMI's BMC simulator with serial over LAN joined to a TCP port. */
export interface SerialSim {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Get Channel Authentication Capabilities as ipmitool 1.8.19 sends it. */
const probe = fromHex('0600ff07000000000000000000092018c88100388e04b5');

/** Starts ipmi_sim with its serial port at a TCP port of this machine. */
export async function startSerialSim(address: string, serialPort: number): Promise<SerialSim> {
  const dir = mkdtempSync(join(tmpdir(), 'ipmi-sol-'));
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const file = (name: string): string => join(dir, name);
  const auths = 'none md2 md5 straight';
  writeFileSync(
    file('lan.conf'),
    [
      'name "lab"',
      'set_working_mc 0x20',
      '  startlan 1',
      `    addr ${address} ${port}`,
      '    priv_limit admin',
      `    allowed_auths_admin ${auths}`,
      '    guid a123456789abcdefa123456789abcdef',
      '  endlan',
      `  sol "tcp:127.0.0.1:${serialPort}" 115200`,
      `  user 2 true "${simAdmin.name}" "${simAdmin.password}" admin 10 ${auths}`,
      '',
    ].join('\n'),
  );
  writeFileSync(
    file('emu'),
    'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n',
  );
  const args = ['-c', file('lan.conf'), '-f', file('emu'), '-s', file('state'), '-n'];
  const child = spawn('ipmi_sim', args, { stdio: 'ignore' });
  const close = async (): Promise<void> => {
    await ended(child);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await answers(address, port);
  } catch (error) {
    await close();
    throw error;
  }
  return { address, port, close };
}

/** A program at the other end of the serial line. */
export interface SerialLine {
  readonly port: number;
  /** What was typed so far, a character a byte. */
  typed(): string;
  print(data: Uint8Array | string): void;
  close(): Promise<void>;
}

/** Listens for the BMC; `echo` sends back what is typed. */
export async function startSerialLine(echo: boolean): Promise<SerialLine> {
  const sockets = new Set<Socket>();
  let typed = '';
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      typed += data.toString('latin1');
      if (echo) socket.write(data);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no TCP port for the serial line');
  return {
    port: at.port,
    typed: () => typed,
    print(data) {
      for (const socket of sockets) socket.write(data);
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** SIGKILL, as ipmi_sim takes its time with others. */
export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
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
