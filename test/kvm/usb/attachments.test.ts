import { beforeEach, describe, expect, it } from 'vitest';
import { KvmError } from '../../../src/kvm/errors.ts';
import { stick, usbWorld, vmOf } from './usb-world.ts';

let w: ReturnType<typeof usbWorld>;
const vm = vmOf('b', 'Running');
const other = vmOf('c', 'Running');
const stopped = vmOf('d', 'Stopped');

beforeEach(async () => {
  w = usbWorld();
  for (const one of [vm, other, stopped]) w.setVm(one);
  w.world.plugged = [stick('1-1', 5), stick('1-2', 6)];
  await w.look();
});

const liveOf = (uuid: string): string[] => [...(w.world.live.get(uuid) ?? [])];

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KvmError);
  return `${(error as KvmError).code} ${(error as KvmError).message}`;
}

describe('attach', () => {
  it('plugs one of two twins in by its number, live only, and keeps the wish', async () => {
    const { uuid } = w.at('1-2');
    await w.service.attachUsbDevice(uuid, vm.uuid);
    expect(w.commands).toEqual(['attach-device bbbbbbbb 1:6 /dev/stdin --live']);
    expect(w.row(uuid)?.vmInstanceUuid).toBe(vm.uuid);
    await w.service.attachUsbDevice(uuid, vm.uuid);
    await w.look();
    expect(w.commands).toHaveLength(1);
  });

  it('has the wish on the disk before the host is touched', async () => {
    const { uuid } = w.at('1-1');
    let wish: string | undefined;
    w.world.fail = (argv) => {
      if (argv.includes('attach-device')) wish = w.row(uuid)?.vmInstanceUuid;
      return undefined;
    };
    await w.service.attachUsbDevice(uuid, vm.uuid);
    expect(wish).toBe(vm.uuid);
  });

  it('takes the wish back when libvirt refuses', async () => {
    const { uuid } = w.at('1-1');
    w.world.fail = (argv) => (argv.includes('attach-device') ? 'error: no USB controller' : undefined);
    expect(await refusalOf(w.service.attachUsbDevice(uuid, vm.uuid))).toContain('no USB controller');
    expect(w.row(uuid)?.vmInstanceUuid).toBeUndefined();
  });

  it('keeps the wish when the connection breaks, and the next look settles it', async () => {
    const { uuid } = w.at('1-1');
    w.world.lost = true;
    expect(await refusalOf(w.service.attachUsbDevice(uuid, vm.uuid))).toContain('host-disconnected');
    w.world.lost = false;
    await w.look();
    expect(liveOf(vm.uuid)).toEqual(['1:5']);
  });

  it('for a stopped VM is a wish, which its start fulfils', async () => {
    const { uuid } = w.at('1-1');
    await w.service.attachUsbDevice(uuid, stopped.uuid);
    expect(w.commands).toEqual([]);
    w.setVm({ ...stopped, state: 'Running', hostUuid: vm.hostUuid });
    await w.look();
    expect(liveOf(stopped.uuid)).toEqual(['1:5']);
    // Stopped again: the running domain's list is gone with it, the wish is not.
    w.world.live.clear();
    w.setVm({ ...stopped });
    await w.look();
    expect(w.row(uuid)?.vmInstanceUuid).toBe(stopped.uuid);
  });

  it('lets one of two at the same time have it', async () => {
    const { uuid } = w.at('1-1');
    const both = await Promise.allSettled([
      w.service.attachUsbDevice(uuid, vm.uuid),
      w.service.attachUsbDevice(uuid, other.uuid),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(w.commands).toHaveLength(1);
  });

  it.each([
    [
      'a mounted disk',
      'block sdb 8:16\nblock sdb1 8:17\nmount 30 25 8:17 / /srv/usb rw - ext4 /dev/sdb1 rw\n',
      'mounted at /srv/usb; unmount it',
    ],
    [
      'a btrfs disk',
      'block sdb 8:16\nmount 30 25 0:44 / /srv rw shared:1 - btrfs /dev/sdb rw\n',
      'mounted at /srv',
    ],
    ['swap', 'block sdb2 8:18\nswap /dev/sdb2 partition 1024 0 -2\n', 'swapoff'],
    ['a volume group', 'block sdb 8:16\nheld sdb dm-3\n', 'dm-3 of the host lies on it'],
    [
      'a NIC with a route',
      'net enx1\nroute Iface Destination\nroute enx1 00000000 0102A8C0\n',
      "host's network uses it as enx1",
    ],
    ['a NIC below a bridge', 'net enx1\nupper enx1\n', 'enx1'],
  ])('is refused for %s', async (_what, needs, text) => {
    const { uuid } = w.at('1-1');
    w.world.needs = needs;
    expect(await refusalOf(w.service.attachUsbDevice(uuid, vm.uuid))).toContain(text);
    expect(w.row(uuid)?.vmInstanceUuid).toBeUndefined();
    expect(w.commands).toEqual([]);
  });

  it('lets a disk and a NIC go that the host does not use', async () => {
    w.world.needs =
      'block sdb 8:16\nnet enx1\nmount 30 25 8:1 / / rw - ext4 /dev/sda1 rw\nroute eth0 00000000 x\nswap /dev/sda2 x\n';
    await w.service.attachUsbDevice(w.at('1-1').uuid, vm.uuid);
    expect(liveOf(vm.uuid)).toEqual(['1:5']);
  });

  it('is refused when the device was plugged in anew since the look', async () => {
    const { uuid } = w.at('1-1');
    w.world.plugged = [stick('1-1', 9), stick('1-2', 6)];
    expect(await refusalOf(w.service.attachUsbDevice(uuid, vm.uuid))).toContain('plugged in anew just now');
  });

  it('is refused for devices of others, absent and disabled ones, and VMs elsewhere', async () => {
    const { uuid } = w.at('1-1');
    w.setVm({ ...other, hostUuid: 'f'.repeat(32) as typeof other.uuid });
    expect(await refusalOf(w.service.attachUsbDevice(uuid, other.uuid))).toContain('on another host');
    w.setVm({ ...other, state: 'Starting' });
    expect(await refusalOf(w.service.attachUsbDevice(uuid, other.uuid))).toContain('is Starting');
    w.setVm(other);
    w.world.live.set(other.uuid, new Set(['1:5']));
    await w.look();
    expect(await refusalOf(w.service.attachUsbDevice(uuid, vm.uuid))).toContain('by its own definition');
    w.world.live.clear();
    await w.look();
    await w.service.updateUsbDevice(uuid, { state: 'Disabled' });
    expect(await refusalOf(w.service.attachUsbDevice(uuid, vm.uuid))).toContain('enable it first');
    await w.service.updateUsbDevice(uuid, { state: 'Enabled' });
    w.world.plugged = [];
    await w.look();
    expect(await refusalOf(w.service.attachUsbDevice(uuid, vm.uuid))).toContain('not plugged in');
    expect(await refusalOf(w.service.attachUsbDevice('e'.repeat(32), vm.uuid))).toContain('QueryUsbDevice');
  });
});

describe('detach', () => {
  it('takes the device out and the wish away, twice', async () => {
    const { uuid } = w.at('1-1');
    await w.service.attachUsbDevice(uuid, vm.uuid);
    await w.service.detachUsbDevice(uuid);
    expect(w.commands.at(-1)).toBe('detach-device bbbbbbbb 1:5 /dev/stdin --live');
    expect(w.row(uuid)?.vmInstanceUuid).toBeUndefined();
    await w.service.detachUsbDevice(uuid);
    await w.look();
    expect(w.commands).toHaveLength(2);
  });

  it('that failed on the host is done by the next call', async () => {
    const { uuid } = w.at('1-1');
    await w.service.attachUsbDevice(uuid, vm.uuid);
    w.world.fail = (argv) => (argv.includes('detach-device') ? 'error: busy' : undefined);
    expect(await refusalOf(w.service.detachUsbDevice(uuid))).toContain('busy');
    w.world.fail = undefined;
    await w.service.detachUsbDevice(uuid);
    expect(liveOf(vm.uuid)).toEqual([]);
  });

  it('takes it out though no look has shown it in the VM yet', async () => {
    const { uuid } = w.at('1-1');
    w.world.lookFails = true;
    await w.service.attachUsbDevice(uuid, vm.uuid);
    await w.service.detachUsbDevice(uuid);
    expect(liveOf(vm.uuid)).toEqual([]);
    expect(w.commands).toHaveLength(2);
    expect(w.log.lines.join()).toContain('could not be looked at after a change of USB');
  });

  it('of a VM that is gone only drops the wish', async () => {
    const { uuid } = w.at('1-1');
    await w.service.attachUsbDevice(uuid, stopped.uuid);
    w.dropVm(stopped);
    await w.service.detachUsbDevice(uuid);
    expect(w.row(uuid)?.vmInstanceUuid).toBeUndefined();
    expect(w.commands).toEqual([]);
  });
});

it('offers what a VM could get', async () => {
  const [one, two] = [w.at('1-1').uuid, w.at('1-2').uuid];
  expect(await w.service.usbCandidates(vm.uuid)).toEqual([one, two]);
  await w.service.attachUsbDevice(one, other.uuid);
  expect(await w.service.usbCandidates(vm.uuid)).toEqual([two]);
  await w.service.updateUsbDevice(two, { state: 'Disabled' });
  expect(await w.service.usbCandidates(vm.uuid)).toEqual([]);
});
