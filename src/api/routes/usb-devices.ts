import { Type } from 'typebox';
import { reference } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { inventoriesAnswer } from './inventories.ts';
import { inventoryAnswer, queryApis, withTags } from './resource.ts';

const path = '/usb-device/usb-devices';
const answers = { kind: 'inventory', resource: 'usbDevice' } as const;
const change = { async: true, access: 'admin', answers, resourceType: 'UsbDeviceVO' } as const;

/** USB devices of hosts; names and paths of later versions of the product. */
export const usbDevicesApis: readonly ApiDefinition[] = [
  ...queryApis('QueryUsbDevice', path, 'usbDevice'),
  defineApi({
    ...change,
    name: 'AttachUsbDeviceToVm',
    method: 'POST',
    path: `${path}/:usbDeviceUuid/attach`,
    keys: ['params'],
    summary: 'Gives a USB device of a host to a VM on it, also after it is plugged in again',
    params: Type.Object({ usbDeviceUuid: reference, vmInstanceUuid: reference }),
    async run({ context, params: { usbDeviceUuid, vmInstanceUuid } }) {
      await context.usb.attachUsbDevice(usbDeviceUuid, vmInstanceUuid);
      return inventoryAnswer(context, 'usbDevice', usbDeviceUuid);
    },
  }),
  defineApi({
    ...change,
    name: 'DetachUsbDeviceFromVm',
    method: 'POST',
    path: `${path}/:usbDeviceUuid/detach`,
    keys: ['params'],
    summary: 'Takes a USB device back from its VM',
    params: Type.Object({ usbDeviceUuid: reference }),
    async run({ context, params: { usbDeviceUuid } }) {
      await context.usb.detachUsbDevice(usbDeviceUuid);
      return inventoryAnswer(context, 'usbDevice', usbDeviceUuid);
    },
  }),
  defineApi({
    ...change,
    name: 'UpdateUsbDevice',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateUsbDevice'],
    summary: 'Changes the state of a USB device; a disabled one is given to no VM',
    params: Type.Object({ uuid: reference, state: Type.Optional(Type.Enum(['Enabled', 'Disabled'])) }),
    run(call) {
      const { uuid, ...wish } = call.params;
      return withTags(call, 'UsbDeviceVO', async () => {
        await call.context.usb.updateUsbDevice(uuid, wish);
        return uuid;
      });
    },
  }),
  defineApi({
    name: 'GetUsbDeviceCandidatesForAttachingVm',
    method: 'GET',
    path: '/vm-instances/:vmInstanceUuid/candidate-usb-devices',
    keys: [],
    async: false,
    access: 'admin',
    summary: 'USB devices that a VM could get now',
    answers: { kind: 'inventories', resource: 'usbDevice' },
    params: Type.Object({ vmInstanceUuid: reference }),
    run: async ({ context, params }) =>
      inventoriesAnswer(context, 'usbDevice', await context.usb.usbCandidates(params.vmInstanceUuid)),
  }),
];
