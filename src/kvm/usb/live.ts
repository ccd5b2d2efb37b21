import type { Uuid } from '../../base/uuid.ts';
import type { UsbDevice, VmInstance } from '../model.ts';

/** A number that a device has until it is pulled out. */
export interface UsbAddress {
  readonly busNum: number;
  readonly devNum: number;
}

/** Whether a domain runs (paused ones too), so that devices can be plugged into it now. */
export function isRunning({ state }: VmInstance): boolean {
  return state === 'Running' || state === 'Paused';
}

/** The host that a VM runs on, or where its definition lies. */
export function hostOf({ hostUuid, lastHostUuid }: VmInstance): Uuid | undefined {
  return hostUuid ?? lastHostUuid;
}

/** Whether a running domain has the device at this address. */
export function hasAddress(vm: VmInstance, { busNum, devNum }: UsbAddress): boolean {
  if (!isRunning(vm)) return false;
  return vm.domain?.usbDevices.some(({ bus, device }) => bus === busNum && device === devNum) ?? false;
}

/** The running domain that has a device, whoever gave it: by its address, or by ids alone. */
export function holderOf(usb: UsbDevice, vms: readonly VmInstance[]): VmInstance | undefined {
  return vms.find((vm) => hasAddress(vm, usb) || (isRunning(vm) && takesIds(vm, usb)));
}

function takesIds(vm: VmInstance, usb: UsbDevice): boolean {
  const entries = vm.domain?.usbDevices ?? [];
  return entries.some(
    ({ bus, vendorId, productId }) =>
      bus === undefined && sameId(vendorId, usb.vendorId) && sameId(productId, usb.productId),
  );
}

/** Definitions write ids with 0x. */
function sameId(written: string | undefined, id: string): boolean {
  return written?.toLowerCase().replace(/^0x/, '') === id;
}

/** What to do on the host after a look. */
export interface UsbPlan {
  /** Addresses that a domain still has and that are our device's no more: another device could get the number. */
  readonly detach: readonly { readonly vm: VmInstance; readonly address: UsbAddress }[];
  readonly attach: readonly { readonly vm: VmInstance; readonly usb: UsbDevice }[];
}

/** Decides how the running domains come to agree with the wishes. `old` are rows as they were before the look. */
export function planUsb(
  old: readonly UsbDevice[],
  rows: readonly UsbDevice[],
  vms: readonly VmInstance[],
): UsbPlan {
  const vmOf = new Map(vms.map((vm) => [vm.uuid, vm]));
  const wished = rows.flatMap((usb) => {
    const vm = usb.vmInstanceUuid === undefined ? undefined : vmOf.get(usb.vmInstanceUuid);
    return vm !== undefined && isRunning(vm) && usb.status === 'Present' ? [{ vm, usb }] : [];
  });
  const isWished = (vm: VmInstance, { busNum, devNum }: UsbAddress): boolean =>
    wished.some((one) => one.vm.uuid === vm.uuid && one.usb.busNum === busNum && one.usb.devNum === devNum);
  return {
    detach: old.flatMap(({ vmInstanceUuid, busNum, devNum }) => {
      const vm = vmInstanceUuid === undefined ? undefined : vmOf.get(vmInstanceUuid);
      const address = { busNum, devNum };
      return vm !== undefined && hasAddress(vm, address) && !isWished(vm, address) ? [{ vm, address }] : [];
    }),
    attach: wished.filter(({ vm, usb }) => !hasAddress(vm, usb)),
  };
}
