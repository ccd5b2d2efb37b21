import type { LabProcess, ProcessOptions } from './processes.ts';
import { run, startProcess } from './processes.ts';
import type { LabState } from './state.ts';

/** The boot network of the rack: Rackwright's own address on the bridge. RFC 5737 TEST-NET-1 */
export const rackAddress = '192.0.2.1';
export const rackInterface = 'rack0';

/** Network namespace with the rack's bridge and one tap a machine NIC. */
export interface Topology {
  readonly namespace: string;
  /** Starts a program inside; the state file knows it while it runs. */
  start(command: string, args: readonly string[], options: ProcessOptions): Promise<LabProcess>;
  /** Runs a short command inside and answers its output. */
  run(command: string, args: readonly string[], timeoutMs?: number): Promise<string>;
  /** From now on nothing more is started: the rack is being taken down. */
  refuseStarts(): void;
}

/** BMC address of machine `index` (from 0). RFC 5737 TEST-NET-2 */
export function bmcAddress(index: number): string {
  return `198.51.100.${11 + index}`;
}

/** Name of the tap of machine `index` (from 0), NIC `nic` (from 1). */
export function tapName(index: number, nic: number): string {
  return `m${index + 1}n${nic}`;
}

/**
 * Makes the namespace. All NICs of all machines hang on one bridge, as on one switch without VLANs; the BMCs' addresses are on
 * the loopback, as behind a router that Rackwright has a route to. Needs root. The state file's `clear` removes it all, also after a
 * failure here.
 */
export async function createTopology(options: {
  readonly namespace: string;
  readonly machines: number;
  readonly nicsEach: number;
  readonly state: LabState;
}): Promise<Topology> {
  const { namespace, machines, nicsEach, state } = options;
  await run('ip', ['netns', 'add', namespace]);
  const indices = Array.from({ length: machines }, (_, index) => index);
  const taps = indices.flatMap((index) =>
    Array.from({ length: nicsEach }, (_, nic) => tapName(index, nic + 1)),
  );
  const inside = (command: string, args: readonly string[]): string[] => [
    'netns',
    'exec',
    namespace,
    command,
    ...args,
  ];
  const commands = [
    'link set lo up',
    // No spanning tree delay: the first DISCOVER after power-on must not be lost.
    `link add ${rackInterface} type bridge forward_delay 0 mcast_snooping 0`,
    `addr add ${rackAddress}/24 dev ${rackInterface}`,
    // A switch port has a link also while every server is off; a bridge has one only while a member has.
    'link add uplink type veth peer name uplink-end',
    // Its far end must not answer for the addresses of this namespace.
    'link set uplink-end arp off addrgenmode none up',
    `link set uplink master ${rackInterface} up`,
    `link set ${rackInterface} up`,
    ...indices.map((index) => `addr add ${bmcAddress(index)}/32 dev lo`),
    ...taps.flatMap((tap) => [
      `tuntap add dev ${tap} mode tap`,
      `link set dev ${tap} master ${rackInterface} up`,
    ]),
  ];
  for (const command of commands) await run('ip', ['-n', namespace, ...command.split(' ')]);
  let refusing = false;
  return {
    namespace,
    async start(command, args, processOptions) {
      const refuse = (): never => {
        throw new Error(`${command} is not started: the rack is being taken down`);
      };
      if (refusing) refuse();
      const started = await startProcess('ip', inside(command, args), processOptions);
      state.addProcess(started.pid);
      if (refusing) {
        await started.kill();
        refuse();
      }
      void started.exited.then(() => state.removeProcess(started.pid));
      return started;
    },
    run: (command, args, timeoutMs) => run('ip', inside(command, args), timeoutMs),
    refuseStarts() {
      refusing = true;
    },
  };
}
