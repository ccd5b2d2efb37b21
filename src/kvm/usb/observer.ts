import { messageOf } from '../../base/errors.ts';
import { newUuid, type Uuid } from '../../base/uuid.ts';
import type { UsbDevice, VmInstance } from '../model.ts';
import { readUsbDevices } from '../parse/usb.ts';
import type { KvmNotice } from '../ports.ts';
import type { HostObserver } from '../service.ts';
import type { UsbContext } from './context.ts';
import { planUsb } from './live.ts';
import { reconcileUsb, type UsbChange } from './reconcile.ts';

/** Follows what is plugged into the hosts, and plugs what is wished into VMs that start and devices that return. */
export function createUsbObserver(context: UsbContext): HostObserver {
  const { store, notify, clock, random, log } = context;
  /** The last failure of each device, so that it is told once and not at every look. */
  const failures = new Map<Uuid, string>();

  function tell(usb: UsbDevice, vmUuid: Uuid, severity: KvmNotice['severity'], text: string): void {
    notify({
      name: 'usb-device-changed',
      severity,
      text,
      about: { type: 'VmInstanceVO', uuid: vmUuid },
      facts: { usbDeviceUuid: usb.uuid, hostUuid: usb.hostUuid, portPath: usb.portPath },
    });
  }

  /** What people see of it: pulled out, and there again. That a VM starts with its device is no news. */
  function tellChange({ unplugged, replugged }: UsbChange): void {
    for (const { before, now } of replugged) {
      if (before.status !== 'Absent' || now.vmInstanceUuid === undefined) continue;
      const text = `USB device ${now.name} is plugged in again (port ${now.portPath}); its VM gets it back, at its start if it is stopped`;
      tell(now, now.vmInstanceUuid, 'Info', text);
    }

    for (const usb of unplugged) {
      const { vmInstanceUuid: vmUuid } = usb;
      if (vmUuid === undefined) continue;
      const text = `USB device ${usb.name} was pulled out of port ${usb.portPath} while a VM had it; plug it in again and the VM gets it back, or detach it`;
      tell(usb, vmUuid, 'Warning', text);
    }
  }

  async function plugIn(usb: UsbDevice, vm: VmInstance): Promise<void> {
    try {
      await context.plugIn(usb, vm);
      if (!failures.delete(usb.uuid)) return;
      tell(usb, vm.uuid, 'Info', `USB device ${usb.name} is in its VM now`);
    } catch (error) {
      const why = messageOf(error);
      if (failures.get(usb.uuid) === why) return;
      failures.set(usb.uuid, why);
      log.warn({ usb: usb.uuid, vm: vm.uuid, err: why }, 'a USB device could not be given to its VM');
      const text = `USB device ${usb.name} could not be given to its VM: ${why}. It is tried again at each look at the host; detach it to give it up`;
      tell(usb, vm.uuid, 'Warning', text);
    }
  }

  return (host, probe) =>
    context.turn(host.uuid, async () => {
      // A look without this section did not look; it does not mean that everything was pulled out.
      if (!probe.sections.has('usb-sysfs')) return;
      const old = await store.listUsbDevicesOf(host.uuid);
      const all = await store.listVms();
      const change = reconcileUsb(old, readUsbDevices(probe), {
        hostUuid: host.uuid,
        now: clock.now(),
        vms: new Set(all.map(({ uuid }) => uuid)),
        newUuid: () => newUuid(random),
      });
      if (change.saved.length + change.gone.length > 0) await store.saveUsbDevices(change);
      tellChange(change);

      const rows = await store.listUsbDevicesOf(host.uuid);
      const here = all.filter(({ hostUuid }) => hostUuid === host.uuid);
      const plan = planUsb(old, rows, here);
      for (const { vm, address } of plan.detach) {
        // Its device is gone; that it is still in the definition is ours to clear up, and no reason to fail the look.
        await context.unplug(host.uuid, vm, address).catch((error: unknown) => {
          log.warn(
            { vm: vm.uuid, ...address, err: messageOf(error) },
            'an unplugged USB device stays in a VM',
          );
        });
      }
      for (const { vm, usb } of plan.attach) {
        // One that we plugged in while the host was being looked at is there already.
        if (!context.isPluggedSince(usb, probe.time)) await plugIn(usb, vm);
      }
      context.looked(host.uuid, probe.time);
    });
}
