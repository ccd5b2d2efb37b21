import { lastPartOf, type RawProbe, readSysfsLinks, readSysfsValues } from '../../kvm/index.ts';
import type { PciFacts } from '../model.ts';
import { isPciAddress, pciAddressesIn } from './address.ts';
import type { BlockDevices } from './block-devices.ts';
import type { Interfaces } from './interfaces.ts';
import { type LspciRecord, parseLspci, parseSerials } from './lspci.ts';
import { readRoots, slotPathOf, slotPathOfVf } from './slot-path.ts';

const folder = 'sys/bus/pci/devices';

/**
 * The PCI functions of a look, in the order of their addresses: sysfs says what is there, lspci adds names and modules. A function
 * without class, vendor or device id is left out. Without sysfs lines lspci alone must do (then without topology).
 */
export function readDevices(
  probe: RawProbe,
  interfaces: Interfaces,
  blocks: BlockDevices,
): readonly PciFacts[] {
  const sysfs = probe.sections.get('pci-sysfs');
  const values = readSysfsValues(sysfs, folder);
  const links = readSysfsLinks(sysfs, folder);
  const records = parseLspci(probe.sections.get('lspci'));
  const serials = parseSerials(probe.sections.get('pci-serials'));
  const roots = readRoots(sysfs);
  const uses = readUses(sysfs, interfaces, blocks);
  const addresses = [...new Set([...values.keys(), ...records.keys()])].filter(isPciAddress).sort();
  const facts = addresses.flatMap((address): readonly PciFacts[] => {
    const files = values.get(address) ?? new Map<string, string>();
    const record = records.get(address);
    const classCode = hexOf(files.get('class'), 6) ?? classOf(record);
    const vendorId = hexOf(files.get('vendor'), 4) ?? record?.vendorId;
    const deviceId = hexOf(files.get('device'), 4) ?? record?.deviceId;
    if (classCode === undefined || vendorId === undefined || deviceId === undefined) return [];
    const target = links.get(address);
    const hops = target === undefined ? [address] : pciAddressesIn(target);
    const root = target?.split('/').find((part) => /^pci[0-9a-f]{4,8}:[0-9a-f]{2}$/.test(part));
    const group = lastPartOf(links.get(`${address}/iommu_group`)) ?? record?.iommuGroup;
    return [
      {
        address,
        classCode,
        vendorId,
        deviceId,
        ...subsystemOf(files, record),
        revision: hexOf(files.get('revision'), 2) ?? record?.revision,
        className: record?.className,
        vendorName: record?.vendorName,
        deviceName: record?.deviceName,
        subdeviceName: record?.subdeviceName,
        driver: lastPartOf(links.get(`${address}/driver`)) ?? record?.driver,
        modules: record?.modules ?? [],
        iommuGroup: numberOf(group),
        numaNode: numberOf(files.get('numa_node')),
        resetMethods: resetMethodsOf(files.get('reset_method'), links.has(`${address}/reset`)),
        bootVga: files.get('boot_vga') === '1',
        sriov: sriovOf(files),
        physicalFunction: lastPartOf(links.get(`${address}/physfn`)),
        parents: hops.slice(0, -1),
        slotPath: slotPathOf(hops, root ?? `pci${address.slice(0, -5)}`, roots),
        serial: serialOf(files.get('serial_number')) ?? serials.get(address),
        uses: uses(address, classCode),
      },
    ];
  });
  return withSlotsOfVfs(facts);
}

function withSlotsOfVfs(facts: readonly PciFacts[]): readonly PciFacts[] {
  const byAddress = new Map(facts.map((one) => [one.address, one]));
  return facts.map((one) => {
    const physical = byAddress.get(one.physicalFunction ?? '');
    return physical === undefined ? one : { ...one, slotPath: slotPathOfVf(physical, one.address) };
  });
}

/** Zero ids mean that the function has none; lspci leaves them out, sysfs shows 0x0000. */
function subsystemOf(
  files: ReadonlyMap<string, string>,
  record: LspciRecord | undefined,
): Pick<PciFacts, 'subvendorId' | 'subdeviceId'> {
  const subvendorId = hexOf(files.get('subsystem_vendor'), 4) ?? record?.subvendorId;
  const subdeviceId = hexOf(files.get('subsystem_device'), 4) ?? record?.subdeviceId;
  return subvendorId === undefined || subvendorId === '0000'
    ? { subvendorId: undefined, subdeviceId: undefined }
    : { subvendorId, subdeviceId };
}

/** Kernels before 5.15 only say that there is a way to reset: `reset`. */
function resetMethodsOf(text: string | undefined, hasReset: boolean): readonly string[] {
  const methods = text?.split(/\s+/).filter((method) => /^[a-z0-9_]{1,32}$/.test(method)) ?? [];
  return methods.length === 0 && hasReset && text === undefined ? ['reset'] : methods;
}

function sriovOf(files: ReadonlyMap<string, string>): PciFacts['sriov'] {
  const totalVfs = numberOf(files.get('sriov_totalvfs'));
  return totalVfs === undefined || totalVfs === 0
    ? undefined
    : { totalVfs, numVfs: numberOf(files.get('sriov_numvfs')) ?? 0 };
}

function classOf(record: LspciRecord | undefined): string | undefined {
  return record?.classId === undefined ? undefined : `${record.classId}${record.progIf ?? '00'}`;
}

/** `0x8086` as `8086`; undefined when it does not have that many digits. */
function hexOf(text: string | undefined, digits: number): string | undefined {
  const found = text === undefined ? undefined : /^0x([0-9a-f]+)$/i.exec(text)?.[1];
  return found?.length === digits ? found.toLowerCase() : undefined;
}

/** Not negative: numa_node is -1 for none. */
function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The kernel's form is that of lspci: eight bytes with dashes. */
function serialOf(text: string | undefined): string | undefined {
  const digits = text?.trim().toLowerCase().replaceAll('-', '');
  return digits !== undefined && /^[0-9a-f]{16}$/.test(digits) ? digits : undefined;
}

/**
 * What hangs on a function: its own interfaces, disks and screens, and for one that is no bridge also what hangs on functions below it
 * (NVMe behind Intel's VMD).
 */
function readUses(
  pciSysfs: string | undefined,
  interfaces: Interfaces,
  blocks: BlockDevices,
): (address: string, classCode: string) => PciFacts['uses'] {
  const near: UseMaps = { netInterfaces: new Map(), blockDevices: new Map(), drm: new Map() };
  const far: UseMaps = { netInterfaces: new Map(), blockDevices: new Map(), drm: new Map() };
  const add = (kind: keyof UseMaps, name: string, hops: readonly string[]): void => {
    for (const [index, hop] of hops.entries()) {
      note(far[kind], hop, name);
      if (index === hops.length - 1) note(near[kind], hop, name);
    }
  };
  for (const [name, hops] of interfaces.pciPaths) add('netInterfaces', name, hops);
  for (const [name, paths] of blocks.pciPaths) for (const hops of paths) add('blockDevices', name, hops);
  for (const [name, target] of readSysfsLinks(pciSysfs, 'sys/class/drm')) {
    if (/^card\d+$/.test(name)) add('drm', name, pciAddressesIn(target));
  }
  return (address, classCode) => {
    const maps = classCode.startsWith('06') ? near : far;
    const of = (kind: keyof UseMaps): readonly string[] => [...(maps[kind].get(address) ?? [])].sort();
    return { netInterfaces: of('netInterfaces'), blockDevices: of('blockDevices'), drm: of('drm') };
  };
}

type UseMaps = Readonly<Record<keyof PciFacts['uses'], Map<string, Set<string>>>>;

function note(map: Map<string, Set<string>>, address: string, name: string): void {
  map.set(address, (map.get(address) ?? new Set()).add(name));
}
