import type { PciFacts, PciKind, PciType } from '../model.ts';

const nvidia = '10de';
const ati = '1002';
const moxa = '1393';
/** Chips of the board itself, as these makers build them into processors and chipsets. */
const boardMakers = ['8086', '1022', '1d94'];

/** Type of the contract, by vendor and class; everything that it has no word for is Generic. */
export function typeOf(facts: Pick<PciFacts, 'vendorId' | 'classCode'>): PciType {
  if (facts.vendorId === moxa) return 'Moxa_Device';
  if (facts.vendorId !== nvidia && facts.vendorId !== ati) return 'Generic';
  switch (facts.classCode.slice(0, 4)) {
    case '0300':
    case '0380':
      return 'GPU_Video_Controller';
    case '0302':
      return 'GPU_3D_Controller';
    case '0403':
      return 'GPU_Audio_Controller';
    default:
      return 'Generic';
  }
}

/** Subclasses with a kind of their own. PCI Code and ID Assignment 1.11 §1 */
const kinds: Readonly<Record<string, PciKind>> = {
  '0108': 'nvme',
  '0200': 'ethernet',
  '0207': 'infiniband',
  '0300': 'gpu-video',
  '0302': 'gpu-3d',
  '0380': 'gpu-video',
  '0401': 'audio',
  '0403': 'audio',
  '0600': 'host-bridge',
  '0601': 'isa-bridge',
  '0700': 'serial',
  '0702': 'serial',
  '0b40': 'accelerator',
  '0c03': 'usb-controller',
  '0c05': 'smbus',
  '0c06': 'infiniband',
};

/** What a function is, finer than its type. */
export function kindOf(facts: Pick<PciFacts, 'vendorId' | 'classCode'>): PciKind {
  const { classCode, vendorId } = facts;
  if (vendorId === moxa) return 'moxa';
  if (typeOf(facts) === 'GPU_Audio_Controller') return 'gpu-audio';
  const kind = kinds[classCode.slice(0, 4)];
  if (kind !== undefined) return kind;
  // NVSwitch calls itself an "other bridge", but nothing of the host is behind it.
  if (classCode.startsWith('0680') && vendorId === nvidia) return 'accelerator';
  if (classCode.startsWith('06')) return 'bridge';
  if (classCode.startsWith('01')) return 'storage';
  if (classCode.startsWith('12')) return 'accelerator';
  return 'other';
}

/**
 * Whether a function is a part of the board that no VM can have: bridges, the SMBus, interrupt controllers, timers, the IOMMU itself.
 */
export function isBoardPart(facts: Pick<PciFacts, 'vendorId' | 'classCode'>): boolean {
  const kind = kindOf(facts);
  if (kind === 'bridge' || kind === 'host-bridge' || kind === 'isa-bridge' || kind === 'smbus') return true;
  const subclass = facts.classCode.slice(0, 4);
  // 0805 is a reader of SD cards; 0880 is what makers call what they have no class for.
  if (subclass === '0805' || !subclass.startsWith('08')) return false;
  return subclass !== '0880' || boardMakers.includes(facts.vendorId);
}

/** `<vendor> <device>`, or the ids where pciutils knows no name. */
export function nameOf(facts: Pick<PciFacts, 'vendorName' | 'deviceName' | 'vendorId' | 'deviceId'>): string {
  const { vendorName = `vendor ${facts.vendorId}`, deviceName = `device ${facts.deviceId}` } = facts;
  return `${vendorName} ${deviceName}`.slice(0, 255);
}
