import { expect, it } from 'vitest';
import type { VmInstance } from '../../../src/kvm/model.ts';
import { bytesOfTag, choosePlace, type Place, type PlaceWish } from '../../../src/kvm/vms/place.ts';
import { host, uuid } from './world.ts';

const vmOn = (at: string, memorySize: number): VmInstance => ({ hostUuid: at, memorySize }) as VmInstance;

function place(change: Partial<Place> & { readonly running?: number; readonly memory?: number } = {}): Place {
  const { running = 0, memory = 2 ** 20, ...rest } = change;
  const here = rest.host ?? host({ name: `h${running}` });
  return {
    host: here,
    zoneUuid: undefined,
    clusterEnabled: true,
    connected: true,
    reservedMemory: 0,
    vms: Array.from({ length: running }, () => vmOn(here.uuid, memory)),
    ...rest,
  };
}

const wish: PlaceWish = {
  hostUuid: undefined,
  clusterUuid: undefined,
  zoneUuid: undefined,
  memorySize: 2 ** 30,
  bridges: ['br0'],
};

it('takes the host with the fewest VMs', () => {
  const places = [place({ running: 3 }), place({ running: 1 }), place({ running: 2 })];
  expect(choosePlace(places, wish)).toMatchObject({ host: { name: 'h1' } });
});

it('takes the wished host, cluster or zone only', () => {
  const [a, b] = [place({ zoneUuid: uuid() }), place({ zoneUuid: uuid(), running: 5 })];
  expect(choosePlace([a, b], { ...wish, hostUuid: b.host.uuid })).toEqual({ host: b.host });
  expect(choosePlace([a, b], { ...wish, clusterUuid: b.host.clusterUuid })).toEqual({ host: b.host });
  expect(choosePlace([a, b], { ...wish, zoneUuid: b.zoneUuid })).toEqual({ host: b.host });
});

it('counts memory of what runs and what is reserved, not of what is stopped', () => {
  const full = place({ running: 1, memory: 7.5 * 2 ** 30 });
  expect(choosePlace([full], wish)).toMatchObject({ refusal: expect.stringContaining('512 MiB') });
  const stopped = { ...full, vms: [{ ...vmOn('', 2 ** 40), hostUuid: undefined }] };
  expect(choosePlace([stopped], wish)).toMatchObject({ host: full.host });
  expect(choosePlace([{ ...stopped, reservedMemory: 8 * 2 ** 30 }], wish)).toHaveProperty('refusal');
});

it('passes over hosts that cannot', () => {
  const bad = [
    place({ connected: false }),
    place({ clusterEnabled: false }),
    place({ host: host({ state: 'Disabled' }) }),
  ];
  const good = place({ running: 9 });
  expect(choosePlace([...bad, good], wish)).toEqual({ host: good.host });
  const { refusal } = choosePlace(bad, wish) as { refusal: string };
  expect(refusal).toMatch(/ReconnectHost.*ChangeClusterState.*ChangeHostState/);
});

it('reads reserved memory', () => {
  expect(['1G', '512m', '100', '2T', undefined, 'x', ''].map(bytesOfTag)).toEqual([
    2 ** 30,
    2 ** 29,
    100,
    2 ** 41,
    0,
    0,
    0,
  ]);
});
