import { appendFileSync, closeSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LabProcess, waitFor } from './processes.ts';
import { type Accelerator, type LabFirmware, type MachineHardware, qemuArguments } from './qemu-command.ts';
import { listenForQmp, type Qmp } from './qmp.ts';
import { listenForScreen, type ScreenPlace } from './screen.ts';
import type { Topology } from './topology.ts';

/** Who turned the machine on or off: its BMC, its own system, the lab's end, or QEMU by failing. */
export type PowerActor = 'bmc' | 'guest' | 'lab' | 'fault';

/** One line of a machine's power log. `boot` is the order that a power-on used; a reset is followed by an `on` of its own. */
export interface PowerEvent {
  readonly at: number;
  readonly by: PowerActor;
  readonly event: 'on' | 'off' | 'reset' | 'boot-flag';
  readonly boot?: 'network-once' | 'disk';
  readonly text?: string;
}

/** Boot devices that a BMC may ask for; only `pxe` changes anything here. */
export type BootFlag = 'none' | 'pxe' | 'default' | 'bios' | 'cdrom';

/** A server of the rack as its BMC and a technician at its serial port see it. */
export interface Machine {
  readonly name: string;
  readonly firmware: LabFirmware;
  readonly uuid: string;
  readonly macs: readonly string[];
  readonly serialLog: string;
  readonly diskPath: string;
  isOn(): boolean;
  bootFlag(): BootFlag;
  setBootFlag(flag: BootFlag): void;
  /** Does nothing when on. A `pxe` flag is used up. */
  powerOn(by: PowerActor): Promise<void>;
  /** Pulls the plug. Does nothing when off. */
  powerOff(by: PowerActor): Promise<void>;
  /** Off and on again; does nothing when off. */
  reset(by: PowerActor): Promise<void>;
  /** Presses the ACPI power button; the guest may ignore it. */
  pressPowerButton(): Promise<void>;
  powerLog(): readonly PowerEvent[];
  /** Called for each new line of the power log. */
  onPower(listener: (event: PowerEvent) => void): void;
  /** Everything the serial port wrote so far. */
  serial(): Promise<string>;
  /** Waits for a text on the serial port, looking only past the first `from` characters. */
  waitForSerial(text: string | RegExp, timeoutMs: number, from?: number): Promise<string>;
  /** Password that an installer of this power-on gave the screen; for those who look whether it leaked. */
  screenPassword(): string | undefined;
  /** Runs a QEMU monitor command, for tests; rejects when the machine is off. */
  monitor(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): Promise<void>;
}

export interface MachineOptions {
  readonly name: string;
  readonly firmware: LabFirmware;
  readonly uuid: string;
  readonly nics: readonly { readonly mac: string; readonly tap: string }[];
  /** Existing private folder for the disk, the logs and the monitor. */
  readonly folder: string;
  readonly accelerator: Accelerator;
  readonly topology: Topology;
  /** TCP port of 127.0.0.1 inside the namespace: its end of the cable to its BMC. */
  readonly serialPort?: number;
  /** Where its screen is seen once an installer shows it. */
  readonly screen?: ScreenPlace;
  readonly diskMiB?: number;
  /** 768: enough for an installer that unpacks a 40 MB initrd. */
  readonly memoryMiB?: number;
}

interface Running {
  readonly process: LabProcess;
  readonly qmp: Qmp;
  readonly screenPort: { close(): void } | undefined;
}

/** Makes a machine that is off and has a blank disk. */
export function createMachine(options: MachineOptions): Machine {
  const { name, folder, topology, screen } = options;
  const screenSocket = join(folder, 'screen.sock');
  const hardware: MachineHardware = {
    firmware: options.firmware,
    uuid: options.uuid,
    serialNumber: `RWLAB-${name.toUpperCase()}`,
    nics: options.nics,
    diskPath: join(folder, 'disk.raw'),
    serialLog: join(folder, 'serial.log'),
    ...(options.serialPort === undefined ? {} : { serialPort: options.serialPort }),
    ...(screen === undefined ? {} : { screen: { place: screen, socket: screenSocket } }),
    memoryMiB: options.memoryMiB ?? 768,
  };
  closeSync(openSync(hardware.diskPath, 'w', 0o600));
  truncateSync(hardware.diskPath, (options.diskMiB ?? 1024) << 20);
  closeSync(openSync(hardware.serialLog, 'w', 0o600));

  const log: PowerEvent[] = [];
  const listeners: ((event: PowerEvent) => void)[] = [];
  let flag: BootFlag = 'none';
  let screenPassword: string | undefined;
  let running: Running | undefined;
  let closed = false;
  let queue: Promise<void> = Promise.resolve();

  const note = (event: Omit<PowerEvent, 'at'>): void => {
    const line = { at: Date.now(), ...event };
    log.push(line);
    appendFileSync(join(folder, 'power.jsonl'), `${JSON.stringify(line)}\n`, { mode: 0o600 });
    for (const listener of listeners) listener(line);
  };
  /** Power commands of the BMC and of the guest happen one after the other. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  /** For work that nobody waits for; what goes wrong is in the power log already. */
  const inTurnUnasked = (work: () => Promise<void>): void => {
    inTurn(work).catch(() => undefined);
  };

  const stop = async (): Promise<void> => {
    const stopping = running;
    running = undefined;
    screenPassword = undefined;
    await stopping?.process.kill();
    stopping?.qmp.close();
    stopping?.screenPort?.close();
  };

  const start = async (by: PowerActor): Promise<void> => {
    const networkFirst = flag === 'pxe';
    flag = 'none';
    const path = join(folder, 'monitor.sock');
    let mine: Running | undefined;
    const monitor = await listenForQmp(path, ({ event: kind, data }) => {
      if (kind === 'SHUTDOWN') inTurnUnasked(() => guestStopped(mine, String(data['reason'])));
    });
    const screenPort =
      screen &&
      (await listenForScreen(screenSocket, async (password) => {
        await mine?.qmp.execute('set_password', { protocol: 'vnc', password });
        screenPassword = password;
        return screen;
      }));
    const child = await topology.start(
      'qemu-system-x86_64',
      qemuArguments(hardware, {
        networkFirst,
        accelerator: options.accelerator,
        monitor: path,
        name: `${name}-${options.firmware}`,
      }),
      { logFile: join(folder, 'qemu.log') },
    );
    try {
      const qmp = await Promise.race([
        monitor.ready,
        child.exited.then(() => {
          throw new Error('QEMU ended at once');
        }),
      ]);
      mine = { process: child, qmp, screenPort };
      running = mine;
    } catch (error) {
      await child.kill();
      monitor.close();
      screenPort?.close();
      const said = readFileSync(join(folder, 'qemu.log'), 'utf8').trim().split('\n').at(-1) ?? '';
      note({ by: 'fault', event: 'off', text: said });
      throw new Error(`${name}: QEMU did not start: ${said}`, { cause: error });
    }
    note({ by, event: 'on', boot: networkFirst ? 'network-once' : 'disk' });
    void child.exited.then(() =>
      inTurnUnasked(async () => {
        if (running !== mine) return;
        await stop();
        note({ by: 'fault', event: 'off', text: 'QEMU ended by itself, see qemu.log' });
      }),
    );
  };

  const restart = async (by: PowerActor): Promise<void> => {
    await stop();
    note({ by, event: 'reset' });
    await start(by);
  };

  /** What follows when the machine stopped from within; QEMU is paused. */
  const guestStopped = async (which: Running | undefined, reason: string): Promise<void> => {
    if (running === undefined || running !== which || closed) return;
    const by = reason.startsWith('guest-') ? 'guest' : 'fault';
    if (reason === 'guest-reset') {
      await restart(by);
      return;
    }
    await stop();
    note({ by, event: 'off', text: reason });
  };

  return {
    name,
    firmware: options.firmware,
    uuid: options.uuid,
    macs: options.nics.map(({ mac }) => mac),
    serialLog: hardware.serialLog,
    diskPath: hardware.diskPath,
    isOn: () => running !== undefined,
    bootFlag: () => flag,
    setBootFlag(wanted) {
      flag = wanted;
      note({ by: 'bmc', event: 'boot-flag', text: wanted });
    },
    powerOn: (by) =>
      inTurn(async () => {
        if (running === undefined && !closed) await start(by);
      }),
    powerOff: (by) =>
      inTurn(async () => {
        if (running === undefined) return;
        await stop();
        note({ by, event: 'off' });
      }),
    reset: (by) =>
      inTurn(async () => {
        if (running === undefined || closed) return;
        await restart(by);
      }),
    async pressPowerButton() {
      await running?.qmp.execute('system_powerdown');
    },
    powerLog: () => [...log],
    onPower: (listener) => void listeners.push(listener),
    serial: () => readFile(hardware.serialLog, 'latin1'),
    waitForSerial: (text, timeoutMs, from = 0) =>
      waitFor(
        `${name}: ${String(text)} on the serial port`,
        timeoutMs,
        async () => {
          const said = (await readFile(hardware.serialLog, 'latin1')).slice(from);
          return (typeof text === 'string' ? said.includes(text) : text.test(said)) ? said : undefined;
        },
        250,
      ),
    screenPassword: () => screenPassword,
    async monitor(command, args) {
      if (running === undefined) throw new Error(`${name} is off`);
      return await running.qmp.execute(command, args);
    },
    async close() {
      closed = true;
      await inTurn(stop);
    },
  };
}
