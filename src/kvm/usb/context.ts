import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import { notFound } from '../checks.ts';
import type { UsbDevice, VmInstance } from '../model.ts';
import type { KvmStore, Notify } from '../ports.ts';
import type { HostConnections, VmService } from '../service.ts';
import { checkDevice } from './device-look.ts';
import { changeLive } from './hostdev.ts';
import type { UsbAddress } from './live.ts';

export interface UsbDeps {
  readonly store: KvmStore;
  readonly vms: Pick<VmService, 'exclusive'>;
  readonly connections: HostConnections;
  /** For virsh on the hosts. */
  readonly libvirtUri: string;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}

/** What service and observer share. */
export interface UsbContext extends UsbDeps {
  /**
   * One change of a host's USB devices at a time. Comes after a VM's exclusive turn, never before it: who has a VM to himself waits
   * for looks at its host, and those come here.
   */
  turn<T>(hostUuid: Uuid, work: () => Promise<T>): Promise<T>;
  get(usbUuid: string): Promise<UsbDevice>;
  save(usb: UsbDevice): Promise<void>;
  /** Looks at the device once more, then plugs it into the running domain. */
  plugIn(usb: UsbDevice, vm: VmInstance): Promise<void>;
  unplug(hostUuid: Uuid, vm: VmInstance, address: UsbAddress): Promise<void>;
  /** Tells when the look at a host began whose rows are in the store now. */
  looked(hostUuid: Uuid, time: number): void;
  /** Whether we plugged a device in at `time` or later (by default since the last look): rows of VMs do not show it yet. */
  isPluggedSince(usb: UsbDevice, time?: number): boolean;
}

export function createUsbContext(deps: UsbDeps, turn: UsbContext['turn']): UsbContext {
  const { store, connections, libvirtUri, clock } = deps;
  const plugged = new Map<Uuid, number>();
  const looks = new Map<Uuid, number>();
  return {
    ...deps,
    turn,
    async get(usbUuid) {
      const usb = await store.getUsbDevice(usbUuid);
      if (usb === undefined) throw notFound('USB device', usbUuid, 'QueryUsbDevice');
      return usb;
    },
    save: (usb) => store.saveUsbDevices({ saved: [{ ...usb, lastOpDate: clock.now() }], gone: [] }),
    plugIn: (usb, vm) =>
      connections.use(usb.hostUuid, async (shell) => {
        await checkDevice(shell, usb);
        await changeLive(shell, libvirtUri, { kind: 'attach', vmUuid: vm.uuid, address: usb });
        plugged.set(usb.uuid, clock.now());
      }),
    unplug: (hostUuid, vm, address) =>
      connections.use(hostUuid, (shell) =>
        changeLive(shell, libvirtUri, { kind: 'detach', vmUuid: vm.uuid, address }),
      ),
    looked: (hostUuid, time) => void looks.set(hostUuid, time),
    isPluggedSince: (usb, time = looks.get(usb.hostUuid) ?? 0) => (plugged.get(usb.uuid) ?? -1) >= time,
  };
}
