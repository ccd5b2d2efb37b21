import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOfferings } from '../../../src/iommu/offerings/offerings.ts';
import { matches } from '../../../src/iommu/offerings/matches.ts';
import { createMemoryIommuStore } from '../../support/memory-iommu-store.ts';
import { cases } from '../../support/cases.ts';
import { pciDevice, pciOffering } from '../../support/fake-kvm-records.ts';
import { random, uuid } from '../../support/records.ts';

const clock = { now: () => 1_700_000_000_000, after: () => () => undefined };

function offerings() {
  const store = createMemoryIommuStore();
  return { store, service: createOfferings({ store, clock, random }) };
}

describe('offerings', () => {
  it('are kept with ids of four lower-case digits and type Generic by default', async () => {
    const { store, service } = offerings();
    const made = await service.createPciDeviceOffering({
      name: ' gpu ',
      vendorId: '0x10DE',
      deviceId: 'e0f',
      subvendorId: '',
      subdeviceId: '1',
    });
    expect(store.offerings.get(made)).toMatchObject({
      name: 'gpu',
      type: 'Generic',
      vendorId: '10de',
      deviceId: '0e0f',
      subvendorId: undefined,
      subdeviceId: '0001',
      createDate: clock.now(),
    });
    await service.deletePciDeviceOffering(made);
    await service.deletePciDeviceOffering(made);
    expect(store.offerings.size).toBe(0);
  });

  it.each([
    [{ vendorId: '10de0' }, 'vendorId'],
    [{ vendorId: '' }, 'vendorId'],
    [{ deviceId: '0x' }, 'deviceId'],
    [{ deviceId: '-1' }, 'deviceId'],
    [{ subvendorId: 'xyz' }, 'subvendorId'],
    [{ type: 'GPU_Video_Controller' }, 'type'],
    [{ name: ' ' }, 'name'],
    [{ resourceUuid: 'abc' }, 'resourceUuid'],
  ])('refuse %j', async (change, parameter) => {
    const { store, service } = offerings();
    await expect(
      service.createPciDeviceOffering({ name: 'gpu', vendorId: '10de', deviceId: '0e0f', ...change }),
    ).rejects.toMatchObject({ code: 'invalid-argument', data: { parameter } });
    expect(store.offerings.size).toBe(0);
  });

  it('do not replace one another', async () => {
    const { store, service } = offerings();
    const input = { name: 'a', vendorId: '1', deviceId: '2', resourceUuid: uuid() };
    await service.createPciDeviceOffering(input);
    await expect(service.createPciDeviceOffering({ ...input, name: 'b' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(store.offerings.get(input.resourceUuid)?.name).toBe('a');
  });
});

const id = fc.constantFrom('10de', '0e0f', '118b');
const maybe = fc.option(id, { nil: undefined });

it('an offering means a device exactly when each id that it has is the same', () => {
  fc.assert(
    fc.property(id, id, maybe, maybe, id, id, maybe, maybe, (v, d, sv, sd, v2, d2, sv2, sd2) => {
      const offering = pciOffering({ vendorId: v, deviceId: d, subvendorId: sv, subdeviceId: sd });
      const device = pciDevice(uuid(), { vendorId: v2, deviceId: d2, subvendorId: sv2, subdeviceId: sd2 });
      const wanted = [v, d, sv, sd];
      const has = [v2, d2, sv2, sd2];
      expect(matches(offering, device)).toBe(
        wanted.every((want, at) => want === undefined || want === has[at]),
      );
    }),
    { numRuns: cases(2000) },
  );
});
