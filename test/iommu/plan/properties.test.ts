import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HostNeeds, PciDevice } from '../../../src/iommu/model.ts';
import { candidatesFor, planAttachment } from '../../../src/iommu/plan/attachment.ts';
import { cases } from '../../support/cases.ts';
import { active, device, otherVmUuid, vm } from './devices.ts';

const classes = ['020000', '030000', '040300', '010802', '060400', '060000', '0c0330'];

/** Hosts of up to twelve functions in few groups, so that groups have several members. */
const hosts = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), {
    minLength: 1,
    maxLength: 12,
    selector: ([bus, f]) => `${bus}.${f}`,
  })
  .chain((places) =>
    fc.tuple(
      ...places.map(([bus, f]) =>
        fc
          .record({
            classCode: fc.constantFrom(...classes),
            group: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 8 }),
            driver: fc.constantFrom(undefined, 'pcieport', 'igb'),
            resets: fc.constantFrom([], ['bus'], ['flr', 'bus']),
            bootVga: fc.boolean(),
            disabled: fc.integer({ min: 0, max: 9 }),
            status: fc.constantFrom('Active', 'Active', 'System', 'Inactive'),
            taken: fc.integer({ min: 0, max: 9 }),
          })
          .map((r) =>
            device(
              `0000:0${bus}:00.${f}`,
              {
                classCode: r.classCode,
                iommuGroup: r.group,
                driver: r.driver,
                resetMethods: r.resets,
                bootVga: r.bootVga,
                parents: [`0000:00:0${bus}.0`],
                uses: {
                  netInterfaces: r.classCode.startsWith('02') ? [`eth${bus}${f}`] : [],
                  blockDevices: r.classCode.startsWith('01') ? [`nvme${bus}n${f}`] : [],
                  drm: [],
                },
              },
              {
                status: r.status as PciDevice['status'],
                state: r.disabled === 0 ? 'Disabled' : 'Enabled',
                vmInstanceUuid: r.taken === 0 ? otherVmUuid : undefined,
              },
            ),
          ),
      ),
    ),
  );

const needsOf: fc.Arbitrary<HostNeeds> = fc.record({
  disks: fc.array(
    fc.record({
      device: fc.tuple(fc.nat(3), fc.nat(3)).map(([b, f]) => `nvme${b}n${f}`),
      mountPoint: fc.constantFrom('/', '/srv', '/boot'),
    }),
    { maxLength: 3 },
  ),
  netInterfaces: fc.array(
    fc.record({
      name: fc.tuple(fc.nat(3), fc.nat(3)).map(([b, f]) => `eth${b}${f}`),
      why: fc.constantFrom('default route', 'management address'),
    }),
    { maxLength: 3 },
  ),
  consoleOnVga: fc.boolean(),
});

const isBridge = (d: PciDevice): boolean => d.facts?.classCode.startsWith('06') === true;

it('a plan without refusals moves exactly the endpoints of the group, and nothing that the host needs', () => {
  let possible = 0;
  fc.assert(
    fc.property(hosts, needsOf, (devices, needs) => {
      for (const asked of devices) {
        const plan = planAttachment({ device: asked, vm, devices, needs, iommu: active });
        if (plan.refusals.length > 0) continue;
        possible += 1;
        const group = asked.facts.iommuGroup;
        expect(group).toBeDefined();
        const expected = devices
          .filter((d) => d.status !== 'Inactive' && d.facts.iommuGroup === group && !isBridge(d))
          .map((d) => d.uuid);
        expect(plan.moves.map((m) => m.pciDeviceUuid).toSorted()).toEqual(expected.toSorted());
        for (const moved of devices.filter((d) => expected.includes(d.uuid))) {
          expect(moved.state).toBe('Enabled');
          expect(moved.vmInstanceUuid).toBeUndefined();
          for (const need of needs.disks) expect(moved.facts.uses.blockDevices).not.toContain(need.device);
          for (const need of needs.netInterfaces)
            expect(moved.facts.uses.netInterfaces).not.toContain(need.name);
        }
      }
    }),
    { numRuns: cases(5000) },
  );
  // Else the property would hold of nothing.
  expect(possible).toBeGreaterThan(100);
});

it('a plan and the candidates do not depend on the order of the devices', () => {
  fc.assert(
    fc.property(
      hosts.chain((devices) =>
        fc.tuple(fc.constant(devices), fc.shuffledSubarray([...devices], { minLength: devices.length })),
      ),
      needsOf,
      ([devices, shuffled], needs) => {
        for (const asked of devices) {
          const input = { device: asked, vm, needs, iommu: active };
          expect(planAttachment({ ...input, devices: shuffled })).toEqual(
            planAttachment({ ...input, devices }),
          );
        }
        const host = { needs, iommu: active };
        expect(candidatesFor(vm, { ...host, devices: shuffled })).toEqual(
          candidatesFor(vm, { ...host, devices }),
        );
      },
    ),
    { numRuns: cases(5000) },
  );
});
