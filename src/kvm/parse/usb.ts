import type { UsbDevice } from '../model.ts';
import type { RawProbe } from '../probe/raw.ts';
import { readSysfsValues, type SysfsValues } from './sysfs.ts';

/** What a host says of one USB device. Ids are four lower-case hex digits, classes two. */
export type UsbFacts = Pick<
  UsbDevice,
  | 'name'
  | 'portPath'
  | 'serial'
  | 'vendorId'
  | 'productId'
  | 'manufacturer'
  | 'product'
  | 'usbVersion'
  | 'deviceClass'
  | 'busNum'
  | 'devNum'
>;

const folder = 'sys/bus/usb/devices';
/** A hub can't be given away: its ports stay the host's. */
const hubClass = '09';

/** The USB devices of a look, without hubs, in the order of their ports. One without ids or numbers is left out. */
export function readUsbDevices(probe: RawProbe): readonly UsbFacts[] {
  const values = readSysfsValues(probe.sections.get('usb-sysfs'), folder);
  const devices: UsbFacts[] = [];
  for (const [portPath, files] of values) {
    const vendorId = hex(files.get('idVendor'), 4);
    const productId = hex(files.get('idProduct'), 4);
    const busNum = number(files.get('busnum'));
    const devNum = number(files.get('devnum'));
    const deviceClass = classOf(values, portPath);
    if (!/^\d{1,4}-\d{1,4}(?:\.\d{1,4}){0,8}$/.test(portPath) || deviceClass === hubClass) continue;
    if (vendorId === undefined || productId === undefined) continue;
    if (busNum === undefined || devNum === undefined) continue;
    const manufacturer = text(files.get('manufacturer'));
    const product = text(files.get('product'));
    const name = [manufacturer, product].filter((part) => part !== undefined).join(' ');
    devices.push({
      name: name === '' ? `USB device ${vendorId}:${productId}` : name,
      portPath,
      serial: text(files.get('serial')),
      vendorId,
      productId,
      manufacturer,
      product,
      usbVersion: text(files.get('version')),
      deviceClass,
      busNum,
      devNum,
    });
  }
  return devices.sort((a, b) => a.busNum - b.busNum || (a.portPath < b.portPath ? -1 : 1));
}

/** A class of 00 means that the interfaces say it. USB 2.0 §9.6.1 */
function classOf(values: SysfsValues, portPath: string): string | undefined {
  const own = hex(values.get(portPath)?.get('bDeviceClass'), 2);
  return own !== '00' ? own : (hex(values.get(`${portPath}:1.0`)?.get('bInterfaceClass'), 2) ?? own);
}

function hex(value: string | undefined, digits: number): string | undefined {
  const lower = value?.toLowerCase();
  return lower?.length === digits && /^[0-9a-f]+$/.test(lower) ? lower : undefined;
}

function number(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,5}$/.test(value) ? Number(value) : undefined;
}

/** A descriptor string may hold anything: one line of at most 126 characters. USB 2.0 §9.6.7 */
function text(value: string | undefined): string | undefined {
  const clean = value
    ?.replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 126);
  return clean === '' ? undefined : clean;
}
