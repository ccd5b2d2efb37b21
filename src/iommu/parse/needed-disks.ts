import type { HostNeeds } from '../model.ts';
import type { BlockDevices } from './block-devices.ts';

/** A host with containers mounts the same file system hundreds of times. */
const mountsPerDisk = 8;
const firstPoints = ['/', '/boot', '/boot/efi', '/efi', '/usr', 'swap'];

/**
 * The whole disks that carry mounted file systems, swap or imported ZFS pools, with the mount points that matter most first.
 * `mounts` are lines of mountinfo and of /proc/swaps with their file's name before them; `zpools` is `zpool status -LP`.
 */
export function readNeededDisks(
  mounts: string | undefined,
  zpools: string | undefined,
  blocks: BlockDevices,
): HostNeeds['disks'] {
  const points = new Map<string, Set<string>>();
  const add = (name: string | undefined, point: string): void => {
    if (name === undefined) return;
    for (const disk of blocks.disksUnder(name)) points.set(disk, (points.get(disk) ?? new Set()).add(point));
  };
  const pools = devicesOfPools(zpools);
  for (const [pool, devices] of pools) {
    for (const device of devices) add(blocks.nameOfPath(device), `zpool ${pool}`);
  }
  for (const line of (mounts ?? '').split('\n')) {
    const mount = readMount(line);
    if (mount !== undefined) {
      const name = blocks.nameOfNumber(mount.number) ?? blocks.nameOfPath(mount.source);
      add(name, mount.point);
      // A btrfs names one of its devices; a zfs its pool.
      if (mount.type === 'btrfs' && name !== undefined) {
        for (const mate of blocks.btrfsMates(name)) add(mate, mount.point);
      }
      if (mount.type === 'zfs') {
        const pool = mount.source.split('/')[0] ?? '';
        for (const device of pools.get(pool) ?? []) add(blocks.nameOfPath(device), mount.point);
      }
    }
    const swap = /^proc\/swaps:(\/dev\/\S+)\s+partition\s/.exec(line)?.[1];
    if (swap !== undefined) add(blocks.nameOfPath(unescaped(swap)), 'swap');
  }
  return [...points]
    .filter(([disk]) => blocks.pciPaths.has(disk))
    .flatMap(([device, set]) =>
      [...set]
        .sort((a, b) => rankOf(a) - rankOf(b) || a.length - b.length || (a < b ? -1 : 1))
        .slice(0, mountsPerDisk)
        .map((mountPoint) => ({ device, mountPoint })),
    )
    .sort((a, b) => (a.device < b.device ? -1 : a.device > b.device ? 1 : 0));
}

interface Mount {
  readonly number: string;
  readonly point: string;
  readonly type: string;
  readonly source: string;
}

/** A line of mountinfo: number, parent, device, root, mount point, options, optional fields, `-`, type, source. */
function readMount(line: string): Mount | undefined {
  if (!/^proc\/[^:/]+\/mountinfo:/.test(line)) return undefined;
  const fields = line.slice(line.indexOf(':') + 1).split(' ');
  const dash = fields.indexOf('-', 6);
  const [, , number, , point] = fields;
  const [type, source] = dash === -1 ? [] : fields.slice(dash + 1);
  if (number === undefined || point === undefined || type === undefined || source === undefined) {
    return undefined;
  }
  return { number, point: unescaped(point), type, source: unescaped(source) };
}

/** Blanks and backslashes are octal in the kernel's lists. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
}

/** Device paths of each pool. */
function devicesOfPools(text: string | undefined): ReadonlyMap<string, readonly string[]> {
  const pools = new Map<string, string[]>();
  let devices: string[] = [];
  for (const line of (text ?? '').split('\n')) {
    const pool = /^\s*pool: (\S+)/.exec(line)?.[1];
    if (pool !== undefined) pools.set(pool, (devices = []));
    const device = /^\s+(\/dev\/\S+)/.exec(line)?.[1];
    if (device !== undefined) devices.push(device);
  }
  return pools;
}

function rankOf(point: string): number {
  const rank = firstPoints.indexOf(point);
  return rank === -1 ? firstPoints.length : rank;
}
