import { messageOf } from '../../base/errors.ts';
import { KvmError } from '../errors.ts';
import type { UsbDevice, VmInstance } from '../model.ts';
import type { UsbService } from '../service.ts';
import { notFound } from '../checks.ts';
import type { UsbContext } from './context.ts';
import { hasAddress, holderOf, hostOf, isRunning } from './live.ts';

type Attachments = Pick<
  UsbService,
  'attachUsbDevice' | 'detachUsbDevice' | 'updateUsbDevice' | 'usbCandidates'
>;

const refused = (text: string): KvmError => new KvmError('refused', text);

/** Why a VM cannot get a device; undefined when it can. */
function refusalOf(usb: UsbDevice, vm: VmInstance, onHost: readonly VmInstance[]): KvmError | undefined {
  if (hostOf(vm) !== usb.hostUuid) {
    return refused(`USB device ${usb.name} is on another host than VM ${vm.name}; take one of its own host`);
  }
  if (usb.vmInstanceUuid !== undefined && usb.vmInstanceUuid !== vm.uuid) {
    return refused(`USB device ${usb.name} is given to VM ${usb.vmInstanceUuid}; detach it there first`);
  }
  const holder = holderOf(usb, onHost);
  if (holder !== undefined && holder.uuid !== vm.uuid) {
    return refused(
      `VM ${holder.name} has USB device ${usb.name} by its own definition; detach it there first`,
    );
  }
  if (usb.status === 'Absent') return refused(`USB device ${usb.name} is not plugged in; plug it in first`);
  if (usb.state === 'Disabled') return refused(`USB device ${usb.name} is Disabled; enable it first`);
  if (!isRunning(vm) && !['Stopped', 'Created', 'Crashed'].includes(vm.state)) {
    return refused(`VM ${vm.name} is ${vm.state}; start or stop it first`);
  }
  return undefined;
}

function heldByIds(usb: UsbDevice, vm: VmInstance): KvmError {
  const text = `VM ${vm.name} has USB device ${usb.name} by its ids in a definition that is not ours; take it out there by virsh`;
  return refused(text);
}

/** Gives host USB devices to VMs and takes them back. The wish is durable before the host is touched. */
export function createAttachments(context: UsbContext): Attachments {
  const { store, vms, connections, log } = context;

  /** So that what was done shows; it is done whether this succeeds or not. */
  async function lookAgain(usb: UsbDevice): Promise<void> {
    try {
      await connections.look(usb.hostUuid);
    } catch (error) {
      log.warn(
        { host: usb.hostUuid, err: messageOf(error) },
        'the host could not be looked at after a change of USB',
      );
    }
  }

  async function give(usb: UsbDevice, vm: VmInstance): Promise<void> {
    const refusal = refusalOf(usb, vm, await store.listVmsOf(usb.hostUuid));
    if (refusal !== undefined) throw refusal;
    if (usb.vmInstanceUuid === vm.uuid && (!isRunning(vm) || hasAddress(vm, usb))) return;
    await context.save({ ...usb, vmInstanceUuid: vm.uuid });
    if (!isRunning(vm) || hasAddress(vm, usb)) return;
    try {
      await context.plugIn(usb, vm);
    } catch (error) {
      // Lost on the way it may have been done: then the wish stays, and the next look settles it.
      const isUnknown =
        error instanceof KvmError &&
        (error.code === 'host-disconnected' || error.data['outcome'] === 'unknown');
      if (!isUnknown) await context.save(usb);
      throw error;
    }
  }

  return {
    async attachUsbDevice(usbUuid, vmUuid) {
      const { hostUuid } = await context.get(usbUuid);
      if (!connections.isConnected(hostUuid)) {
        throw new KvmError(
          'host-disconnected',
          'the host of this USB device is not connected; reconnect it first',
        );
      }
      await vms.exclusive(vmUuid, (vm) =>
        context.turn(hostUuid, async () => give(await context.get(usbUuid), vm)),
      );
      await lookAgain(await context.get(usbUuid));
    },
    async detachUsbDevice(usbUuid) {
      const first = await context.get(usbUuid);
      const vmUuid = first.vmInstanceUuid ?? holderOf(first, await store.listVmsOf(first.hostUuid))?.uuid;
      if (vmUuid === undefined) return;
      if ((await store.getVm(vmUuid)) === undefined)
        return context.save({ ...first, vmInstanceUuid: undefined });
      await vms.exclusive(vmUuid, (vm) =>
        context.turn(first.hostUuid, async () => {
          const usb = await context.get(usbUuid);
          if (usb.vmInstanceUuid !== undefined && usb.vmInstanceUuid !== vmUuid) {
            throw refused(
              `USB device ${usb.name} was given to another VM meanwhile; look at it and try again`,
            );
          }
          await context.save({ ...usb, vmInstanceUuid: undefined });
          const isNew = isRunning(vm) && context.isPluggedSince(usb);
          if (hasAddress(vm, usb) || isNew) await context.unplug(usb.hostUuid, vm, usb);
          else if (holderOf(usb, [vm]) !== undefined) throw heldByIds(usb, vm);
        }),
      );
      await lookAgain(first);
    },
    async updateUsbDevice(usbUuid, { state }) {
      const { hostUuid } = await context.get(usbUuid);
      await context.turn(hostUuid, async () => {
        const usb = await context.get(usbUuid);
        if (state !== undefined && state !== usb.state) await context.save({ ...usb, state });
      });
    },
    async usbCandidates(vmUuid) {
      const vm = await store.getVm(vmUuid);
      if (vm === undefined) throw notFound('VM', vmUuid, 'QueryVmInstance');
      const hostUuid = hostOf(vm);
      if (hostUuid === undefined) return [];
      const onHost = await store.listVmsOf(hostUuid);
      const devices = await store.listUsbDevicesOf(hostUuid);
      return devices
        .filter(
          (usb) =>
            usb.vmInstanceUuid === undefined &&
            holderOf(usb, onHost) === undefined &&
            refusalOf(usb, vm, onHost) === undefined,
        )
        .map(({ uuid }) => uuid);
    },
  };
}
