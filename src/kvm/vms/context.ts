import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import { createTurns } from '../../base/turns.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { CommandResult } from '../../net/shell.ts';
import { notFound } from '../checks.ts';
import { KvmError } from '../errors.ts';
import type { Host, VmInstance, VmState } from '../model.ts';
import type { Domain } from '../parse/domains.ts';
import type { KvmStore, Notify, TagReader } from '../ports.ts';
import type { RawProbe } from '../probe/raw.ts';
import { dashed } from '../render/domain.ts';
import type { HostConnections } from '../service.ts';
import { runOn, type Virsh, virshOn } from '../virsh.ts';
import { placeOf } from './reconcile.ts';

/** What the VMs need of others. */
export interface VmDeps {
  readonly store: KvmStore;
  readonly tags: TagReader;
  readonly connections: HostConnections;
  /** `qemu:///system` as a rule. */
  readonly libvirtUri: string;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** For tests: reads the domains of a look in another way. */
  readonly readDomains?: (probe: RawProbe) => readonly Domain[];
}

/** Commands on one host, each over its own turn of the connection. */
export interface HostHands {
  readonly host: Host;
  readonly virsh: Virsh;
  run(
    argv: readonly string[],
    options?: { readonly input?: string; readonly timeoutMs?: number },
  ): Promise<CommandResult>;
}

/** One operation of a VM on its host. */
export interface VmHands extends HostHands {
  readonly vm: VmInstance;
  /** The domain as virsh takes it. */
  readonly domain: string;
  /** The state that libvirt says now. */
  readonly state: () => Promise<VmState>;
}

/** What all operations on VMs share. */
export interface VmContext {
  readonly deps: VmDeps;
  /** States of operations in flight. */
  readonly busy: ReadonlyMap<Uuid, VmState>;
  /** Reads and writes rows with nobody in between; no host is asked inside. */
  rows<T>(work: () => Promise<T>): Promise<T>;
  /** Changes columns of a VM, if it is still there. */
  change(uuid: Uuid, columns: Partial<VmInstance>): Promise<void>;
  /** The VM; `not-found` otherwise. */
  get(uuid: string): Promise<VmInstance>;
  /** One operation at a time on what `uuid` names. */
  turn<T>(uuid: Uuid, work: () => Promise<T>): Promise<T>;
  exclusive<T>(uuid: string, work: (vm: VmInstance) => Promise<T>): Promise<T>;
  /** Commands on a connected host; `host-disconnected` otherwise. */
  onHost(hostUuid: Uuid | undefined, what: string): Promise<HostHands>;
  /**
   * Does something with a VM on its host, then looks at the host. `meanwhile` is the state until then; `doing` is for error texts.
   * A connection lost in the middle is an error that says that the outcome is unknown.
   */
  operate<T>(
    vm: VmInstance,
    how: { readonly doing: string; readonly meanwhile?: VmState },
    work: (hands: VmHands) => Promise<T>,
  ): Promise<T>;
  /** Looks at a host; a failure is logged only. */
  look(hostUuid: Uuid): Promise<boolean>;
  /** Waits; rejects when everything closes. */
  wait(ms: number): Promise<void>;
  /** Lets nothing new begin, breaks waits off, and waits for what runs. */
  close(): Promise<void>;
}

const libvirtStates: Readonly<Record<string, VmState>> = {
  running: 'Running',
  idle: 'Running',
  blocked: 'Running',
  paused: 'Paused',
  pmsuspended: 'Paused',
  'in shutdown': 'Running',
  'shut off': 'Stopped',
  crashed: 'Crashed',
};

/** A refusal with the next step. */
export function refused(text: string): KvmError {
  return new KvmError('refused', text);
}

/** The shared part of one set of VMs. */
export function createVmContext(deps: VmDeps): VmContext {
  const { store, connections, clock, log } = deps;
  const turns = createTurns();
  const rowTurns = createTurns();
  const busy = new Map<Uuid, VmState>();
  const running = new Set<Promise<unknown>>();
  const ending = new AbortController();

  const rows = <T>(work: () => Promise<T>): Promise<T> => rowTurns('rows' as Uuid, work);

  function turn<T>(uuid: Uuid, work: () => Promise<T>): Promise<T> {
    const outcome = turns(uuid, async () => {
      if (ending.signal.aborted) throw refused('Rackwright is stopping; ask again when it runs');
      return await work();
    });
    running.add(outcome);
    const done = (): boolean => running.delete(outcome);
    void outcome.then(done, done);
    return outcome;
  }

  async function get(uuid: string): Promise<VmInstance> {
    const vm = await store.getVm(uuid);
    if (vm === undefined) throw notFound('VM', uuid, 'QueryVmInstance');
    return vm;
  }

  const change: VmContext['change'] = (uuid, columns) =>
    rows(async () => {
      const vm = await store.getVm(uuid);
      if (vm) await store.saveVm({ ...vm, ...columns, lastOpDate: clock.now() });
    });

  /** Nobody saw what became of the state in between; an operation that left another one behind knew. */
  const doubt = (uuid: Uuid, meanwhile: VmState | undefined): Promise<void> =>
    rows(async () => {
      const vm = await store.getVm(uuid);
      if (vm && vm.state === meanwhile) {
        await store.saveVm({ ...vm, state: 'Unknown', lastOpDate: clock.now() });
      }
    });

  async function onHost(hostUuid: Uuid | undefined, what: string): Promise<HostHands> {
    const host = hostUuid === undefined ? undefined : await store.getHost(hostUuid);
    if (host === undefined)
      throw refused(`it is not known on which host ${what} is; reconnect its host first`);
    if (!connections.isConnected(host.uuid)) {
      throw new KvmError(
        'host-disconnected',
        `host ${host.name} (${host.managementIp}) of ${what} is not connected; see why (QueryHost, statusCause), then ReconnectHost`,
      );
    }
    const onShell: HostHands['run'] = (argv, options) =>
      connections.use(host.uuid, (shell) => runOn(shell, argv, options));
    const virsh: Virsh = {
      run: (args, options) =>
        connections.use(host.uuid, (shell) => virshOn(shell, deps.libvirtUri).run(args, options)),
      attempt: (args, options) =>
        connections.use(host.uuid, (shell) => virshOn(shell, deps.libvirtUri).attempt(args, options)),
    };
    return { host, virsh, run: onShell };
  }

  async function look(hostUuid: Uuid): Promise<boolean> {
    try {
      await connections.look(hostUuid);
      return true;
    } catch (error) {
      log.warn({ hostUuid, error: messageOf(error) }, 'the host could not be looked at after an operation');
      return false;
    }
  }

  const operate: VmContext['operate'] = async (vm, { doing, meanwhile }, work) => {
    const hands = await onHost(placeOf(vm), `VM ${vm.name}`);
    const domain = dashed(vm.uuid);
    const state = async (): Promise<VmState> =>
      libvirtStates[(await hands.virsh.run(['domstate', domain])).trim()] ?? 'Unknown';
    if (meanwhile !== undefined) {
      busy.set(vm.uuid, meanwhile);
      await change(vm.uuid, { state: meanwhile });
    }
    try {
      return await work({ ...hands, vm, domain, state });
    } catch (error) {
      throw outcomeUnknown(error, `${doing} VM ${vm.name}`, hands.host);
    } finally {
      busy.delete(vm.uuid);
      if (!(await look(hands.host.uuid))) await doubt(vm.uuid, meanwhile);
    }
  };

  return {
    deps,
    busy,
    rows,
    change,
    get,
    turn,
    exclusive: async (uuid, work) => {
      const { uuid: known } = await get(uuid);
      return await turn(known, async () => await work(await get(known)));
    },
    onHost,
    operate,
    look,
    async wait(ms) {
      await new Promise<void>((resolve, reject) => {
        const stop = (): void => {
          cancel();
          reject(refused('Rackwright is stopping; the next look at the host tells what became of it'));
        };
        const cancel = clock.after(ms, () => {
          ending.signal.removeEventListener('abort', stop);
          resolve();
        });
        if (ending.signal.aborted) stop();
        else ending.signal.addEventListener('abort', stop, { once: true });
      });
    },
    async close() {
      ending.abort();
      await Promise.allSettled(running);
    },
  };
}

/** A command that may or may not have run is not repeated: the next look at the host tells. */
function outcomeUnknown(error: unknown, what: string, host: Host): unknown {
  if (!(error instanceof KvmError) || error.code !== 'host-disconnected') return error;
  return new KvmError(
    'host-disconnected',
    `the connection to host ${host.name} broke while ${what}: whether it was done is unknown; the VM shows it when the host is connected again`,
    { cause: error, data: { outcome: 'unknown', hostUuid: host.uuid } },
  );
}
