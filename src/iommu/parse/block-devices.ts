import { lastPartOf, readSysfsLinks, readSysfsValues } from '../../kvm/index.ts';
import { pciAddressesIn } from './address.ts';

/** The block devices of a host and what they lie on. Names are of /sys/class/block (`sda`, `sda1`, `dm-0`). */
export interface BlockDevices {
  /** The whole disks under a partition, logical volume, array or cache; itself for a disk. */
  disksUnder(name: string): readonly string[];
  /** Of whole disks that hang on PCI, by disk: each path of functions from the root to the controller. */
  readonly pciPaths: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** By device number, `259:1`. */
  nameOfNumber(number: string): string | undefined;
  /** By a name in /dev, `/dev/dm-0` or `/dev/mapper/vg-root`. */
  nameOfPath(path: string): string | undefined;
  /** All devices of the btrfs that this one is part of. */
  btrfsMates(name: string): readonly string[];
}

/** Reads the `block-sysfs` section. */
export function readBlockDevices(text: string | undefined): BlockDevices {
  const values = readSysfsValues(text, 'sys/class/block');
  const links = readSysfsLinks(text, 'sys/class/block');
  const slaves = new Map<string, string[]>();
  const parents = new Map<string, string>();
  const pciPaths = new Map<string, readonly (readonly string[])[]>();
  const nvme = nvmePaths(text);
  for (const [path, target] of links) {
    const [name = '', folder, slave] = path.split('/');
    if (folder === 'slaves' && slave !== undefined) addTo(slaves, name, slave);
    if (folder !== undefined || target === undefined) continue;
    const parent = target.split('/').at(-2) ?? '';
    if (links.has(parent)) parents.set(name, parent);
    // One namespace has a hidden device for each way to it; the disk that is used is of the subsystem.
    else if (!/^nvme\d+c\d+n\d+$/.test(name)) {
      const paths = nvme.get(subsystemOf(target) ?? '') ?? [pciAddressesIn(target)];
      if (paths.some((hops) => hops.length > 0)) pciPaths.set(name, paths);
    }
  }
  // A loop and not a recursion: a hostile host may name slaves in circles or a million deep.
  const disksUnder = (name: string): readonly string[] => {
    const disks: string[] = [];
    const seen = new Set([name]);
    for (const one of seen) {
      const parent = parents.get(one);
      const below = slaves.get(one) ?? (parent === undefined ? [] : [parent]);
      if (below.length === 0 && links.has(one)) disks.push(one);
      for (const next of below) seen.add(next);
    }
    return disks;
  };
  const names = namesOf(values);
  const btrfs = btrfsOf(text);
  return {
    disksUnder,
    pciPaths,
    nameOfNumber: (number) => names.get(number),
    nameOfPath(path) {
      const name = path.replace(/^\/dev\//, '').replace(/^mapper\//, 'mapper:');
      return (
        names.get(name) ?? (links.has(name.replaceAll('/', '!')) ? name.replaceAll('/', '!') : undefined)
      );
    },
    btrfsMates: (name) => btrfs.get(name) ?? [],
  };
}

/** The devices of each btrfs, by each of them. */
function btrfsOf(text: string | undefined): ReadonlyMap<string, readonly string[]> {
  const systems = new Map<string, string[]>();
  const byDevice = new Map<string, readonly string[]>();
  for (const path of readSysfsLinks(text, 'sys/fs/btrfs').keys()) {
    const [id = '', folder, device] = path.split('/');
    if (folder !== 'devices' || device === undefined) continue;
    addTo(systems, id, device);
    byDevice.set(device, systems.get(id) ?? []);
  }
  return byDevice;
}

function addTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

/** Names by device number and by device mapper name (with `mapper:` before it). */
function namesOf(values: ReturnType<typeof readSysfsValues>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, files] of values) {
    const number = files.get('dev');
    const mapped = files.get('dm/name');
    if (number !== undefined) names.set(number, name);
    if (mapped !== undefined) names.set(`mapper:${mapped}`, name);
  }
  return names;
}

/**
 * With native multipath a namespace hangs on a virtual subsystem, which may have several controllers; their PCI paths are found
 * through the subsystem's links.
 */
function nvmePaths(text: string | undefined): ReadonlyMap<string, readonly (readonly string[])[]> {
  const paths = new Map<string, (readonly string[])[]>();
  for (const [path, target] of readSysfsLinks(text, 'sys/class/nvme-subsystem')) {
    const [subsystem = '', controller] = path.split('/');
    const hops = pciAddressesIn(target);
    if (controller === undefined || lastPartOf(target) !== controller || hops.length === 0) continue;
    addTo(paths, subsystem, hops);
  }
  return paths;
}

function subsystemOf(target: string): string | undefined {
  return target.split('/').find((part) => /^nvme-subsys\d+$/.test(part));
}
