import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseAccelerator } from './accelerator.ts';
import { type ForeignBmc, startForeignBmc } from './foreign-bmc.ts';
import { type Gate, openGate } from './gate.ts';
import { createMachine, type Machine } from './machine.ts';
import { prepareRackwright, type RackwrightProcess, type RackwrightSettings } from './rackwright-process.ts';
import type { Accelerator, LabFirmware } from './qemu-command.ts';
import { messageOf } from '../src/base/errors.ts';
import { laySerialCables } from './serial-cables.ts';
import { folderName, namespaceName, openState, removeLeftovers } from './state.ts';
import { createTechnician, type Report, type Technician } from './technician.ts';
import { missingForLab } from './tools.ts';
import {
  bmcAddress,
  createTopology,
  rackAddress,
  rackInterface,
  tapName,
  type Topology,
} from './topology.ts';
import { connectZstack } from './zstack-client.ts';

/** One server of the rack with its BMC. */
export interface RackMachine {
  readonly machine: Machine;
  readonly bmc: ForeignBmc;
}

/** What a rack is made of. */
export interface RackOptions {
  /** Firmware of each machine. At most 80. */
  readonly machines: readonly LabFirmware[];
  /** Undefined: a rack without Rackwright, for tests of the rack itself. */
  readonly rackwright?: RackwrightSettings;
  /** Default: KVM when it boots firmware, else emulation. */
  readonly accelerator?: Accelerator;
  readonly report?: Report;
}

/** TCP port of the first machine's screen on the rack's address; VNC counts from 5900. */
const firstScreenPort = 5911;

/** What stays of the working folder. */
export type Keep = 'nothing' | 'logs' | 'everything';

/** A running rack. */
export interface Rack {
  readonly id: string;
  readonly folder: string;
  readonly topology: Topology;
  readonly gate: Gate;
  readonly machines: readonly RackMachine[];
  readonly accelerator: Accelerator;
  /** The server, started and ready; throws when the rack was made without. */
  readonly rackwright: RackwrightProcess;
  /** A technician who is logged in as admin; a session lasts two hours. Throws as `rackwright`. */
  readonly technician: Technician;
  /** Logs in again, with every new timeline line going to `report`. */
  login(report: Report): Promise<Technician>;
  /**
   * Ends all processes and removes the namespace. The working folder goes too, unless `keep` asks for all of it or for the logs only.
   * May be called twice.
   */
  close(keep?: Keep): Promise<void>;
}

/** The working folder: under the temporary folder when that is short enough for unix sockets in it (sun_path holds 107 bytes). */
function workFolder(id: string): string {
  const base = tmpdir();
  return join(base.length <= 50 && !/[\s"'\\]/.test(base) ? base : '/tmp', folderName(id));
}

function removeAllButLogs(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory() && !/\.(?:log|jsonl)$/.test(entry.name)) {
      rmSync(join(entry.parentPath, entry.name), { force: true });
    }
  }
}

const openRacks = new Set<(keep?: Keep) => Promise<void>>();

/** Closes every rack of this process, also one that is still being built; for signals. */
export async function closeAllRacks(): Promise<void> {
  await Promise.all([...openRacks].map((close) => close()));
}

/**
 * Builds a rack: clears away what dead labs left, makes namespace, machines (off, blank disks) and BMCs, starts Rackwright and logs
 * a technician in. A failure on the way removes everything again and rejects with the reason.
 */
export async function startRack(options: RackOptions): Promise<Rack> {
  const report = options.report ?? ((): void => undefined);
  const missing = missingForLab(options.machines);
  if (missing.length > 0) throw new Error(missing.join('\n'));
  if (options.machines.length > 80) throw new Error('a rack has at most 80 machines');
  for (const text of await removeLeftovers()) report({ step: 'cleanup', text });

  const id = randomBytes(4).toString('hex');
  const folder = workFolder(id);
  const state = openState(id, namespaceName(id), folder);
  const closers: (() => Promise<void>)[] = [];
  let topology: Topology | undefined;
  let closing: Promise<void> | undefined;
  const close = (keep: Keep = 'nothing'): Promise<void> => {
    closing ??= (async () => {
      topology?.refuseStarts();
      for (const closer of closers.toReversed()) {
        await closer().catch((error: unknown) => report({ step: 'cleanup', text: messageOf(error) }));
      }
      if (keep === 'logs') removeAllButLogs(folder);
      await state.clear(keep !== 'nothing');
      openRacks.delete(close);
    })();
    return closing;
  };
  openRacks.add(close);

  try {
    mkdirSync(folder, { mode: 0o700 });
    const chosen =
      options.accelerator === undefined
        ? await chooseAccelerator(options.machines)
        : { accelerator: options.accelerator, note: `${options.accelerator} as asked` };
    report({ step: 'accelerator', text: chosen.note });
    const network = await createTopology({
      namespace: namespaceName(id),
      machines: options.machines.length,
      nicsEach: 3,
      state,
    });
    topology = network;
    report({
      step: 'network',
      text: `namespace ${network.namespace}, bridge ${rackInterface} ${rackAddress}/24`,
    });
    const gate = await openGate(network, folder);
    closers.push(() => gate.close());
    const serial = await laySerialCables(network, folder, options.machines.length);
    closers.push(() => serial.close());

    // Locally administered, random for every rack: two labs side by side must not look alike in captures.
    const vendor = `52:54:00:${randomBytes(1).toString('hex')}`;
    const machines = await Promise.all(
      options.machines.map(async (firmware, index) => {
        const name = `m${index + 1}`;
        const own = join(folder, name);
        mkdirSync(own, { mode: 0o700 });
        const cable = serial.cables[index];
        const machine = createMachine({
          name,
          firmware,
          uuid: randomUUID(),
          nics: [1, 2, 3].map((nic) => ({
            mac: `${vendor}:${(index + 1).toString(16).padStart(2, '0')}:0${nic}`,
            tap: tapName(index, nic),
          })),
          folder: own,
          accelerator: chosen.accelerator,
          topology: network,
          screen: { address: rackAddress, port: firstScreenPort + index },
          ...(cable && { serialPort: cable.machinePort }),
        });
        closers.push(() => machine.close());
        const bmc = await startForeignBmc({
          machine,
          address: bmcAddress(index),
          folder: own,
          topology: network,
          ...(cable && { serialPort: cable.bmcPort }),
        });
        closers.push(() => bmc.close());
        report({ machine: name, step: 'racked', text: `${firmware}, off, blank disk, BMC ${bmc.address}` });
        return { machine, bmc };
      }),
    );

    let rackwright: RackwrightProcess | undefined;
    let technician: Technician | undefined;
    const needed = <T>(value: T | undefined): T => {
      if (value === undefined) throw new Error('this rack was made without Rackwright');
      return value;
    };
    const login = async (to: Report): Promise<Technician> => {
      const server = needed(rackwright);
      return createTechnician(await connectZstack(gate, server.url, 'admin', server.adminPassword), to);
    };
    if (options.rackwright !== undefined) {
      const server = prepareRackwright({ folder, topology: network, gate, settings: options.rackwright });
      rackwright = server;
      closers.push(() => server.stop());
      await server.start();
      report({ step: 'rackwright', text: `ready, pid ${String(server.pid())}` });
      technician = await login(report);
    }
    return {
      id,
      folder,
      topology: network,
      gate,
      machines,
      accelerator: chosen.accelerator,
      get rackwright() {
        return needed(rackwright);
      },
      get technician() {
        return needed(technician);
      },
      login,
      close,
    };
  } catch (error) {
    await close('logs');
    report({ step: 'kept', text: `the logs are in ${folder}` });
    throw error;
  }
}
