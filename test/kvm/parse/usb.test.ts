import { expect, it } from 'vitest';
import { readUsbDevices } from '../../../src/kvm/parse/usb.ts';

const lines = (port: string, files: Record<string, string>): string =>
  Object.entries(files)
    .map(([name, value]) => `sys/bus/usb/devices/${port}/${name}:${value}`)
    .join('\n');
const stick = {
  busnum: '1',
  devnum: '9',
  idVendor: '0781',
  idProduct: '5581',
  version: ' 3.20',
  bDeviceClass: '00',
  manufacturer: 'SanDisk',
  product: 'Ultra',
  serial: '4C53',
};
const read = (...texts: string[]) =>
  readUsbDevices({ sections: new Map([['usb-sysfs', texts.join('\n')]]), time: 0 });

it('reads a device; the class is that of its first interface when the device leaves it to that', () => {
  expect(read(lines('1-4.2', stick), lines('1-4.2:1.0', { bInterfaceClass: '08' }))).toEqual([
    {
      name: 'SanDisk Ultra',
      portPath: '1-4.2',
      serial: '4C53',
      vendorId: '0781',
      productId: '5581',
      manufacturer: 'SanDisk',
      product: 'Ultra',
      usbVersion: '3.20',
      deviceClass: '08',
      busNum: 1,
      devNum: 9,
    },
  ]);
});

it('leaves out hubs, root hubs and what has no ids or numbers', () => {
  expect(
    read(
      lines('usb1', { ...stick, bDeviceClass: '09' }),
      lines('1-4', { ...stick, bDeviceClass: '09' }),
      lines('usb2', stick),
      lines('1-5', { ...stick, idVendor: 'zzzz' }),
      lines('1-6', { ...stick, devnum: '' }),
      lines('../../evil', stick),
    ),
  ).toEqual([]);
});

it('tells twins by their ports, in order of the ports', () => {
  expect(
    read(lines('2-1', { ...stick, busnum: '2' }), lines('1-2', stick), lines('1-1', stick)).map(
      ({ portPath }) => portPath,
    ),
  ).toEqual(['1-1', '1-2', '2-1']);
});

it('names a device without strings by its ids', () => {
  const { manufacturer: _, product: __, serial: ___, ...bare } = stick;
  expect(read(lines('1-1', bare))).toMatchObject([{ name: 'USB device 0781:5581', serial: undefined }]);
});

it.each([
  ['$(reboot)', '$(reboot)'],
  ['"><x a="', '"><x a="'],
  ["'; DROP TABLE", "'; DROP TABLE"],
  ['a\u0000\u001bb', 'a b'],
  ['x'.repeat(1000), 'x'.repeat(126)],
])('a product called %j is only a name', (product, name) => {
  expect(read(lines('1-1', { ...stick, product }))).toMatchObject([{ product: name }]);
});
