import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type LabProcess, startProcess } from '../../hardware-lab/processes.ts';
import { listenForQmp, type Qmp } from '../../hardware-lab/qmp.ts';
import { buildInspector, defaultCache } from '../../inspector/build.ts';
import { type IpmiSim, startIpmiSim } from '../support/ipmi-sim.ts';

/** A machine of QEMU behind a BMC of OpenIPMI, with serial over LAN; its power is off. */
export interface LabMachine {
  readonly bmc: IpmiSim;
  /** Carries out what the BMC was told: the machine begins with its BIOS. */
  powerOn(): Promise<void>;
  close(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((done) => {
    server.close(() => done());
  });
  return port;
}

/** Makes a machine whose BIOS and kernel speak on the serial port, with a shell at the end. */
export async function startLabMachine(): Promise<LabMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'rackwright-page-'));
  const closers: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    const { kernel, initrd } = await buildInspector({
      out: resolve(defaultCache, 'inspector'),
      cache: defaultCache,
      log: () => undefined,
    });
    const serialPort = await freePort();
    const path = join(folder, 'qmp.sock');
    const monitor = await listenForQmp(path, () => undefined);
    closers.push(() => monitor.close());
    const machine: LabProcess = await startProcess(
      'qemu-system-x86_64',
      [
        '-S -display none -machine pc,graphics=off -accel tcg -m 512 -nodefaults -no-user-config'.split(' '),
        ['-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 rdinit=/bin/sh'],
        ['-serial', `tcp:127.0.0.1:${serialPort},server=on,wait=off`],
        ['-chardev', `socket,id=monitor,path=${path}`, '-mon', 'chardev=monitor,mode=control'],
      ].flat(),
      { logFile: join(folder, 'qemu.log') },
    );
    closers.push(() => machine.kill());
    const qmp: Qmp = await monitor.ready;
    const bmc = await startIpmiSim({ serialPort });
    closers.push(() => bmc.close());
    return {
      bmc,
      async powerOn() {
        await qmp.execute('cont');
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
