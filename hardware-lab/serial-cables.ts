import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './processes.ts';
import type { Topology } from './topology.ts';

/** A serial cable between a machine and its BMC: two TCP ports of 127.0.0.1 inside the namespace, one connection each at a time. */
export interface SerialCable {
  readonly machinePort: number;
  readonly bmcPort: number;
}

/** The cables of a rack, which one process holds. */
export interface SerialCables {
  /** One a machine, in order. */
  readonly cables: readonly SerialCable[];
  close(): Promise<void>;
}

/** The lab has at most 80 machines, and nothing else that listens there. */
const firstBmcPort = 6001;
const firstMachinePort = 6101;

/** Lays `count` cables; resolves when both ends of all can be plugged in. Output that nobody takes is lost, as on a real cable. */
export async function laySerialCables(
  topology: Pick<Topology, 'start'>,
  folder: string,
  count: number,
): Promise<SerialCables> {
  const cables = Array.from({ length: count }, (_, index) => ({
    machinePort: firstMachinePort + index,
    bmcPort: firstBmcPort + index,
  }));
  const ports = cables.flatMap(({ machinePort, bmcPort }) => [String(bmcPort), String(machinePort)]);
  const logFile = join(folder, 'serial-cables.log');
  const holder = await topology.start(
    process.execPath,
    [join(import.meta.dirname, 'serial-cables.js'), ...ports],
    { logFile, lifeline: true },
  );
  await waitFor(
    'the serial cables',
    10_000,
    () => (readFileSync(logFile, 'utf8').includes('ready') ? true : undefined),
    20,
  );
  return { cables, close: () => holder.kill() };
}
