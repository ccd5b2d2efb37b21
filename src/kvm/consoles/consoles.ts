import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { Uuid } from '../../base/uuid.ts';
import { NetError } from '../../net/errors.ts';
import type { StreamTarget } from '../../net/shell.ts';
import { notFound } from '../checks.ts';
import { KvmError } from '../errors.ts';
import type { VmInstance, VmState } from '../model.ts';
import type { KvmStore } from '../ports.ts';
import { dashed } from '../render/domain.ts';
import type { ConsoleService, HostConnections, VmService } from '../service.ts';
import { isRunning } from '../usb/live.ts';
import { virshOn } from '../virsh.ts';
import type { VmChanges } from './changes.ts';
import { openLibvirtConsole } from './libvirt-console.ts';
import { type LibvirtDoor, libvirtDoorOf } from './libvirt-sockets.ts';
import { hasVnc, vncOf } from './screen.ts';
import { notRunning, serialWayOf } from './serial.ts';

/** What the consoles need of others. */
export interface ConsoleDeps {
  readonly store: Pick<KvmStore, 'getVm'>;
  readonly connections: Pick<HostConnections, 'use' | 'stream'>;
  readonly vms: Pick<VmService, 'startVm' | 'stopVm' | 'exclusive'>;
  readonly changes: Pick<VmChanges, 'watch'>;
  readonly libvirtUri: string;
  readonly clock: Clock;
}

const off: readonly VmState[] = ['Created', 'Stopped', 'Destroyed', 'Crashed'];

function powerOf({ state }: VmInstance): 'on' | 'off' | 'unknown' {
  if (off.includes(state)) return 'off';
  return state === 'Unknown' ? 'unknown' : 'on';
}

/** Screens and serial consoles of VMs through the connections of their hosts. */
export function createVmConsoles(deps: ConsoleDeps): ConsoleService {
  const { store, connections, vms, changes, libvirtUri, clock } = deps;
  const door = libvirtDoorOf(libvirtUri);

  async function vmOf(uuid: string): Promise<VmInstance> {
    const vm = await store.getVm(uuid);
    if (vm === undefined) throw notFound('VM', uuid, 'QueryVmInstance');
    return vm;
  }

  /** With the host that it runs on. */
  async function runningVm(uuid: string): Promise<{ readonly vm: VmInstance; readonly hostUuid: Uuid }> {
    const vm = await vmOf(uuid);
    if (isRunning(vm) && vm.hostUuid !== undefined) return { vm, hostUuid: vm.hostUuid };
    throw new KvmError('refused', notRunning(vm));
  }

  async function reach(what: string, hostUuid: Uuid, target: StreamTarget): Promise<Duplex> {
    try {
      return await connections.stream(hostUuid, target);
    } catch (error) {
      const isOurs = error instanceof NetError || error instanceof KvmError;
      if (!isOurs || error.code === 'host-disconnected') throw error;
      throw new KvmError('command-failed', `${what} cannot be reached: ${error.message}`, { cause: error });
    }
  }

  /** The first of libvirt's sockets that somebody listens at. */
  async function reachLibvirt(vm: VmInstance, hostUuid: Uuid, { sockets }: LibvirtDoor): Promise<Duplex> {
    let last: unknown;
    for (const socketPath of sockets) {
      try {
        return await reach(`libvirt on the host of VM ${vm.name}`, hostUuid, { socketPath });
      } catch (error) {
        if (error instanceof KvmError && error.code === 'host-disconnected') throw error;
        last = error;
      }
    }
    throw last;
  }

  const power: Record<'on' | 'off' | 'reset', (uuid: string) => Promise<void>> = {
    on: (uuid) => vms.startVm(uuid),
    off: (uuid) => vms.stopVm(uuid, 'cold'),
    reset: (uuid) =>
      vms.exclusive(uuid, async () => {
        const { vm, hostUuid } = await runningVm(uuid);
        await connections.use(hostUuid, (shell) =>
          virshOn(shell, libvirtUri).run(['reset', dashed(vm.uuid)]),
        );
      }),
  };

  return {
    name: async (uuid) => (await store.getVm(uuid))?.name,
    async view(uuid) {
      const vm = await vmOf(uuid);
      return { name: vm.name, status: vm.state, power: powerOf(vm) };
    },
    async serialState(uuid) {
      const way = serialWayOf(await vmOf(uuid));
      return way.kind === 'none' ? { yes: false, text: way.text } : { yes: true };
    },
    async openSerial(uuid, { takeOver = false } = {}) {
      const { vm, hostUuid } = await runningVm(uuid);
      const way = serialWayOf(vm);
      if (way.kind === 'none') throw new KvmError('refused', way.text);
      if (way.kind === 'tcp') return await reach(`the serial port of VM ${vm.name}`, hostUuid, way.target);
      if (door === undefined) {
        throw new KvmError(
          'refused',
          `serial consoles need the setting kvm.libvirtUri to be qemu:///system, and it is ${libvirtUri}`,
        );
      }
      const stream = await reachLibvirt(vm, hostUuid, door);
      return await openLibvirtConsole({ stream, uri: door.uri, uuid: vm.uuid, takeOver, clock });
    },
    hasScreen: async (uuid) => {
      const vm = await store.getVm(uuid);
      return vm !== undefined && hasVnc(vm);
    },
    async openScreen(uuid) {
      const { vm, hostUuid } = await runningVm(uuid);
      // Read now and kept nowhere: the password may have changed, and what is printed has it in clear.
      const answer = await connections.use(hostUuid, (shell) =>
        virshOn(shell, libvirtUri).attempt(['dumpxml', dashed(vm.uuid), '--security-info']),
      );
      if (answer.exitCode !== 0 || answer.truncated) {
        throw new KvmError(
          'command-failed',
          `the definition of VM ${vm.name} cannot be read on its host; reconnect the host to see why`,
          { data: { exitCode: answer.exitCode } },
        );
      }
      const { target, password } = vncOf(vm.name, answer.stdout);
      return { stream: await reach(`the VNC screen of VM ${vm.name}`, hostUuid, target), password };
    },
    power: (uuid, action) => power[action](uuid),
    watch: (changed) => changes.watch(changed),
  };
}
