import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Uuid } from '../../../src/base/uuid.ts';
import type { Host, UsbDevice } from '../../../src/kvm/model.ts';
import { reconcileUsb } from '../../../src/kvm/usb/reconcile.ts';
import { cases } from '../../support/cases.ts';
import { hostUuid, stick, sysfsOf, usbWorld, vmOf } from './usb-world.ts';

let w: ReturnType<typeof usbWorld>;
const vm = vmOf('b', 'Running');

beforeEach(() => {
  w = usbWorld();
  w.setVm(vm);
});

const liveOf = (uuid: string): string[] => [...(w.world.live.get(uuid) ?? [])];
const given = async (portPath: string): Promise<string> => {
  const { uuid } = w.at(portPath);
  await w.service.attachUsbDevice(uuid, vm.uuid);
  return uuid;
};

describe('replugging', () => {
  it('brings a device back to its VM under its new number, and tells both', async () => {
    w.world.plugged = [stick('1-1', 5)];
    await w.look();
    const uuid = await given('1-1');
    w.world.plugged = [];
    await w.look();
    expect(w.row(uuid)).toMatchObject({ status: 'Absent', vmInstanceUuid: vm.uuid });
    // The number must not stay in the domain: the next device to get it would be the VM's.
    expect(liveOf(vm.uuid)).toEqual([]);
    w.world.plugged = [stick('1-1', 9)];
    await w.look();
    expect(liveOf(vm.uuid)).toEqual(['1:9']);
    expect(w.row(uuid)).toMatchObject({ status: 'Present', devNum: 9 });
    expect(w.notices.map(({ severity, about }) => [severity, about.uuid])).toEqual([
      ['Warning', vm.uuid],
      ['Info', vm.uuid],
    ]);
    await w.look();
    expect(w.notices).toHaveLength(2);
  });

  it('between two looks moves the VM to the new number', async () => {
    w.world.plugged = [stick('1-1', 5)];
    await w.look();
    await given('1-1');
    w.world.plugged = [stick('1-1', 6)];
    await w.look();
    expect(w.commands.slice(1)).toEqual([
      'detach-device bbbbbbbb 1:5 /dev/stdin --live',
      'attach-device bbbbbbbb 1:6 /dev/stdin --live',
    ]);
  });

  it('of a twin into the other port gives the VM nothing that it was not given', async () => {
    w.world.plugged = [stick('1-1', 5), stick('1-2', 6)];
    await w.look();
    await given('1-1');
    w.world.plugged = [stick('1-2', 6), stick('1-3', 7)];
    await w.look();
    expect(liveOf(vm.uuid)).toEqual([]);
  });

  it('of a device with a serial into another port keeps it', async () => {
    w.world.plugged = [stick('1-1', 5, { serial: 'S1' }), stick('1-2', 6, { serial: 'S2' })];
    await w.look();
    const uuid = await given('1-1');
    w.world.plugged = [stick('1-2', 6, { serial: 'S2' }), stick('2-4', 3, { serial: 'S1', busNum: 2 })];
    await w.look();
    expect(w.at('2-4').uuid).toBe(uuid);
    expect(liveOf(vm.uuid)).toEqual(['2:3']);
  });
});

it('plugs nothing in that was plugged in while it looked', async () => {
  w.world.plugged = [stick('1-1', 5)];
  await w.look();
  const began = w.world.now;
  w.world.now += 1;
  w.world.lookFails = true;
  await given('1-1');
  const sections = new Map([['usb-sysfs' as const, sysfsOf(w.world.plugged)]]);
  await w.observer({ uuid: hostUuid } as Host, { sections, time: began });
  expect(w.commands).toEqual(['attach-device bbbbbbbb 1:5 /dev/stdin --live']);
  expect(w.notices).toEqual([]);
});

it('does not take a look without USB for one at which all was pulled out', async () => {
  w.world.plugged = [stick('1-1', 5)];
  await w.look();
  await w.look(new Map());
  expect(w.at('1-1').status).toBe('Present');
});

it('tells a failure once, tries again at each look, and tells when it is done', async () => {
  w.world.plugged = [stick('1-1', 5)];
  await w.look();
  const stopped = vmOf('d', 'Stopped');
  w.setVm(stopped);
  await w.service.attachUsbDevice(w.at('1-1').uuid, stopped.uuid);
  w.setVm({ ...stopped, state: 'Running', hostUuid });
  w.world.fail = (argv) => (argv.includes('attach-device') ? 'error: no free port' : undefined);
  await w.look();
  await w.look();
  expect(w.notices.map(({ text }) => text)).toEqual([expect.stringContaining('no free port')]);
  w.world.fail = undefined;
  await w.look();
  expect(w.notices).toHaveLength(2);
  expect(liveOf(stopped.uuid)).toEqual(['1:5']);
});

it('leaves alone what others gave to a domain', async () => {
  w.world.plugged = [stick('1-1', 5)];
  w.world.live.set(vm.uuid, new Set(['1:5', '1:77']));
  await w.look();
  await w.look();
  expect(w.commands).toEqual([]);
  expect(w.at('1-1').vmInstanceUuid).toBeUndefined();
});

it('drops the wish for a VM that is gone', async () => {
  w.world.plugged = [stick('1-1', 5)];
  await w.look();
  await given('1-1');
  w.dropVm(vm);
  await w.look();
  expect(w.at('1-1').vmInstanceUuid).toBeUndefined();
});

it('forgets devices after 30 days without them, but none that is given or disabled', async () => {
  w.world.plugged = [stick('1-1', 5), stick('1-2', 6), stick('1-3', 7)];
  await w.look();
  const [, kept, disabled] = w.devices();
  await w.service.attachUsbDevice(kept?.uuid ?? '', vm.uuid);
  await w.service.updateUsbDevice(disabled?.uuid ?? '', { state: 'Disabled' });
  w.world.plugged = [];
  await w.look();
  expect(w.devices()).toHaveLength(3);
  w.world.now += 31 * 24 * 3600_000;
  await w.look();
  expect(w.devices().map(({ portPath }) => portPath)).toEqual(['1-2', '1-3']);
});

describe('reconcileUsb', () => {
  const port = fc.constantFrom('1-1', '1-2', '1-3', '2-1');
  const device = fc.record({
    portPath: port,
    devNum: fc.integer({ min: 1, max: 9 }),
    serial: fc.constantFrom(undefined, 'A', 'B'),
    productId: fc.constantFrom('0001', '0002'),
  });
  const hostState = fc.uniqueArray(device, { selector: ({ portPath }) => portPath, maxLength: 4 });

  it('holds what it promises over any sequence of plugging', () => {
    fc.assert(
      fc.property(fc.array(hostState, { maxLength: 6 }), (looks) => {
        let rows: readonly UsbDevice[] = [];
        let count = 0;
        let now = 0;
        const newUuid = (): Uuid => `${(count += 1)}` as Uuid;
        for (const seen of looks) {
          now += 1;
          const facts = seen.map(({ portPath, devNum, ...more }) => stick(portPath, devNum, more));
          const look = { hostUuid, now, vms: new Set<Uuid>(), newUuid };
          const { saved, gone } = reconcileUsb(rows, facts, look);
          const next = new Map(rows.map((row) => [row.uuid, row]));
          for (const row of saved) next.set(row.uuid, row);
          for (const uuid of gone) next.delete(uuid);
          // A row never becomes a device with other ids or another serial.
          for (const row of rows) {
            const after = next.get(row.uuid);
            expect([after?.productId, after?.serial]).toEqual([row.productId, row.serial]);
            if (row.serial === undefined) expect(after?.portPath).toBe(row.portPath);
          }
          rows = [...next.values()];
          const present = rows.filter(({ status }) => status === 'Present');
          const shown = (one: {
            portPath: string;
            devNum: number;
            productId: string;
            serial?: string | undefined;
          }) => `${one.portPath} ${one.devNum} ${one.productId} ${one.serial}`;
          expect(present.map(shown).toSorted()).toEqual(facts.map(shown).toSorted());
          expect(reconcileUsb(rows, facts, look)).toEqual({
            saved: [],
            gone: [],
            unplugged: [],
            replugged: [],
          });
        }
      }),
      { numRuns: cases(20_000) },
    );
  });
});
