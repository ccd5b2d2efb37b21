import type { UsbDevice } from '../../kvm/model.ts';
import type { KvmStore } from '../../kvm/ports.ts';
import type { Session } from '../group-commit.ts';
import { createRowTable } from '../row-table.ts';

type UsbStore = Pick<KvmStore, 'saveUsbDevices' | 'getUsbDevice' | 'listUsbDevicesOf'>;

/** USB devices of hosts. */
export function createUsbStore({ db, read, write }: Session): UsbStore {
  const devices = createRowTable<UsbDevice>(db, 'usb_device', {
    uuid: 'plain',
    hostUuid: 'plain',
    name: 'plain',
    portPath: 'plain',
    serial: 'plain',
    vendorId: 'plain',
    productId: 'plain',
    manufacturer: 'plain',
    product: 'plain',
    usbVersion: 'plain',
    deviceClass: 'plain',
    busNum: 'plain',
    devNum: 'plain',
    state: 'plain',
    status: 'plain',
    vmInstanceUuid: 'plain',
    createDate: 'plain',
    lastOpDate: 'plain',
  });
  const ofHost = devices.list('WHERE host_uuid = ? ORDER BY port_path, uuid');
  return {
    saveUsbDevices: ({ saved, gone }) =>
      write(() => {
        for (const uuid of gone) devices.delete(uuid);
        for (const device of saved) devices.save(device);
      }),
    getUsbDevice: (uuid) => read(() => devices.get(uuid)),
    listUsbDevicesOf: (hostUuid) => read(() => ofHost(hostUuid)),
  };
}
