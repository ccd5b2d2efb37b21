import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabProcess, run, startProcess, waitFor } from '../processes.ts';
import { listenForQmp, type Qmp, type QmpEvent } from '../qmp.ts';
import { folderName, namespaceName, openState } from '../state.ts';
import type { HostImage } from './image/build.ts';
import { hostArguments, type HostStart, type IommuKind, removable } from './qemu-arguments.ts';
import { createSshClient, type SshClient } from './ssh.ts';

/** A KVM host that runs as a guest of this machine. */
export interface KvmHost {
  /** Where its sshd answers; the port stays the same over restarts. */
  readonly address: string;
  readonly sshPort: number;
  readonly image: HostImage;
  readonly iommu: IommuKind;
  /** Private; gone after `close` unless it is kept. */
  readonly folder: string;
  readonly serialLog: string;
  readonly ssh: SshClient;
  /** Runs a shell script as root and answers its output without the last line's end; rejects when it fails. */
  run(script: string, timeoutMs?: number): Promise<string>;
  /** Runs a QEMU monitor command; rejects when the power is off. */
  monitor(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Resolves when a shell answers after the power-on or reset that came last. */
  waitUntilUp(timeoutMs?: number): Promise<void>;
  /** Asks the host to restart and resolves when it is up again; its boot loader decides on the kernel command line. */
  reboot(): Promise<void>;
  /** Pulls the power cord. Does nothing when off. */
  crash(): Promise<void>;
  /** Powers it on again after `crash`; does nothing when on. */
  powerOn(): Promise<void>;
  /** Unplugs a device in order: resolves when the host has let go of it. */
  unplug(which: keyof typeof removable): Promise<void>;
  /** Puts a device where it was, or behind another port of the same kind. */
  plug(which: keyof typeof removable, place?: Readonly<Record<string, string>>): Promise<void>;
  /** Off and nothing left; may be called twice. */
  close(): Promise<void>;
}

export interface KvmHostOptions {
  readonly image: HostImage;
  readonly iommu: IommuKind;
  /** Leaves the working folder with the serial log. */
  readonly keep?: boolean;
}

const open = new Set<KvmHost>();

/** Ends all hosts of this process, for signals. */
export async function closeAllHosts(): Promise<void> {
  await Promise.all([...open].map((host) => host.close()));
}

interface Power {
  readonly process: LabProcess;
  readonly qmp: Qmp;
}

/** Waits for events of one QEMU. */
function createEvents(): {
  tell(event: QmpEvent): void;
  wait(what: string, ms: number, is: (event: QmpEvent) => boolean): Promise<void>;
} {
  const listeners = new Set<(event: QmpEvent) => void>();
  return {
    tell(event) {
      for (const listener of listeners) listener(event);
    },
    wait: (what, ms, is) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          listeners.delete(listener);
        };
        const listener = (event: QmpEvent): void => {
          if (!is(event)) return;
          done();
          resolve();
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`${what}: not within ${ms / 1000} seconds`));
        }, ms);
        listeners.add(listener);
      }),
  };
}

/** The port that QEMU took on 127.0.0.1, from the monitor's table of its user-mode network. */
async function forwardedPort(qmp: Qmp): Promise<number> {
  const table = await qmp.execute('human-monitor-command', { 'command-line': 'info usernet' });
  const port = /HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(String(table))?.[1];
  if (port === undefined) throw new Error('QEMU forwards no port to the host');
  return Number(port);
}

function blankDisk(path: string, mebibytes: number): string {
  closeSync(openSync(path, 'w', 0o600));
  truncateSync(path, mebibytes * 2 ** 20);
  return path;
}

/**
 * Powers a new host on, over an overlay of the image; resolves when QEMU runs, `waitUntilUp` when the host answers (15 s). All that
 * it needs is in a private folder; `removeLeftovers` of the lab's state clears it away if this process is killed.
 */
export async function startKvmHost(options: KvmHostOptions): Promise<KvmHost> {
  const { image, iommu } = options;
  const id = randomBytes(4).toString('hex');
  const folder = join(tmpdir(), folderName(id));
  mkdirSync(folder, { mode: 0o700 });
  const state = openState(id, namespaceName(id), folder);
  const path = (name: string): string => join(folder, name);
  const events = createEvents();
  let power: Power | undefined;
  let sshPort = 0;
  let closed = false;

  const powerOn = async (): Promise<void> => {
    if (power !== undefined || closed) return;
    const start: HostStart = {
      name: `kvm-host-${iommu}`,
      iommu,
      uuid,
      overlay: path('root.qcow2'),
      dataDisk: path('data.raw'),
      stick: path('stick.raw'),
      serialLog: path('serial.log'),
      monitor: path('monitor.sock'),
      sshPort,
    };
    const monitor = await listenForQmp(start.monitor, (event) => events.tell(event));
    const process = await startProcess('qemu-system-x86_64', hostArguments(start), {
      logFile: path('qemu.log'),
    });
    state.addProcess(process.pid);
    void process.exited.then(() => state.removeProcess(process.pid));
    try {
      const ended = process.exited.then(() => {
        throw new Error('it ended at once');
      });
      const qmp = await Promise.race([monitor.ready, ended]);
      sshPort = await forwardedPort(qmp);
      power = { process, qmp };
    } catch (error) {
      await process.kill();
      monitor.close();
      const said = readFileSync(path('qemu.log'), 'utf8').trim().split('\n').at(-1) ?? '';
      throw new Error(`QEMU did not start the KVM host: ${said}`, { cause: error });
    }
  };
  const crash = async (): Promise<void> => {
    const was = power;
    power = undefined;
    await was?.process.kill();
    was?.qmp.close();
  };
  const monitor: KvmHost['monitor'] = async (command, args) => {
    if (power === undefined) throw new Error('the KVM host is off');
    return await power.qmp.execute(command, args);
  };
  const uuid = randomUUID();
  const ssh = createSshClient(image, folder, () => sshPort);
  const waitUntilUp = async (timeoutMs = 300_000): Promise<void> => {
    await waitFor('a shell on the KVM host', timeoutMs, async () => {
      if (power?.process.isRunning() !== true) throw new Error('the KVM host is off, see its qemu.log');
      return (await ssh.asRoot('true', 15_000)).code === 0 ? true : undefined;
    });
  };
  const host: KvmHost = {
    address: '127.0.0.1',
    get sshPort() {
      return sshPort;
    },
    image,
    iommu,
    folder,
    serialLog: path('serial.log'),
    ssh,
    async run(script, timeoutMs) {
      const { code, stdout, stderr } = await ssh.asRoot(script, timeoutMs);
      if (code !== 0) throw new Error(`${script.trim()}: ${stderr.trim() || `status ${code}`}`);
      return stdout.replace(/\n$/, '');
    },
    monitor,
    waitUntilUp,
    async reboot() {
      const reset = events.wait('the reset of the KVM host', 180_000, ({ event }) => event === 'RESET');
      // By force: stopping every service takes half a minute here. The connection may be gone before the answer.
      await Promise.all([reset, ssh.asRoot('sync; systemctl --force --no-block reboot', 15_000)]);
      await waitUntilUp();
    },
    crash,
    powerOn,
    async unplug(which) {
      const { id: device } = removable[which];
      const gone = events.wait(
        `the end of ${device}`,
        30_000,
        ({ event, data }) => event === 'DEVICE_DELETED' && data['device'] === device,
      );
      await Promise.all([gone, monitor('device_del', { id: device })]);
    },
    async plug(which, place) {
      await monitor('device_add', { ...removable[which], ...place });
    },
    async close() {
      closed = true;
      await crash();
      await state.clear(options.keep === true);
      open.delete(host);
    },
  };
  open.add(host);
  try {
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', image.disk, path('root.qcow2')]);
    blankDisk(path('data.raw'), 64);
    blankDisk(path('stick.raw'), 16);
    await powerOn();
    return host;
  } catch (error) {
    await host.close();
    throw error;
  }
}
