import { describe, expect, it } from 'vitest';
import { missingParameters } from '../../../src/iommu/boot/parameters.ts';
import { describeIommu } from '../../../src/iommu/boot/status.ts';
import type { IommuFacts } from '../../../src/iommu/model.ts';

const intelOff: IommuFacts = { vendor: 'intel', units: [], groups: 0, commandLine: 'ro quiet' };
const intelOn: IommuFacts = {
  vendor: 'intel',
  units: ['dmar0'],
  groups: 12,
  commandLine: 'ro quiet intel_iommu=on iommu=pt',
};
const amdOn: IommuFacts = { vendor: 'amd', units: ['ivhd0'], groups: 30, commandLine: 'ro' };
const amdOff: IommuFacts = { vendor: 'amd', units: [], groups: 0, commandLine: 'ro' };
const added = ['intel_iommu=on', 'iommu=pt'];
const tell = (
  facts: IommuFacts,
  more: Partial<Parameters<typeof describeIommu>[0]> = {},
): ReturnType<typeof describeIommu> =>
  describeIommu({ facts, wish: 'Enabled', next: undefined, added: [], ...more });

describe('parameters', () => {
  it.each([
    ['intel', 'ro', ['intel_iommu=on', 'iommu=pt']],
    ['intel', 'ro intel_iommu=on', ['iommu=pt']],
    ['intel', 'intel_iommu=sm_on,on iommu=nopt', []],
    ['intel', 'intel_iommu=igfx_off', ['intel_iommu=on', 'iommu=pt']],
    ['amd', 'ro', ['iommu=pt']],
    ['other', 'ro', []],
  ] as const)('%s with %j lacks %j', (vendor, line, missing) => {
    expect(missingParameters(vendor, line.split(' '))).toEqual(missing);
  });
});

describe('Active', () => {
  it('needs groups, units and no parameter against it', () => {
    expect(tell(intelOn)).toEqual({ status: 'Active', details: 'active', rebootPending: false });
    expect(tell(amdOn).status).toBe('Active');
    expect(tell({ ...intelOn, units: [] }).status).toBe('Inactive');
    expect(tell({ ...intelOn, groups: 0 }).status).toBe('Inactive');
    expect(tell({ ...intelOn, commandLine: 'intel_iommu=off' }).status).toBe('Inactive');
    // A kernel that is built so uses it without being told.
    expect(tell({ ...intelOn, commandLine: 'ro' }).status).toBe('Active');
  });

  it('while the wish is Disabled says why, and whether a reboot ends it', () => {
    const unwished = { wish: 'Disabled' as const };
    expect(tell(intelOn, { ...unwished, next: ['ro'] })).toMatchObject({ rebootPending: true });
    expect(tell(intelOn, { ...unwished, next: added })).toMatchObject({ rebootPending: false });
    expect(tell(amdOn, unwished).details).toContain('by itself');
  });

  it('with a parameter that the running kernel has not says so', () => {
    expect(tell(amdOn, { added: ['iommu=pt'] })).toMatchObject({ status: 'Active', rebootPending: true });
  });
});

describe('Inactive', () => {
  it.each([
    ['in the boot loader: reboot', intelOff, { next: added }, true, 'reboot pending'],
    ['written by us, loader unreadable: reboot', intelOff, { added }, true, 'reboot pending'],
    [
      'not in the boot loader',
      intelOff,
      { next: ['ro'], added },
      false,
      'the boot loader has it not: call UpdateHostIommuState',
    ],
    ['loader unreadable', intelOff, {}, false, 'do not show'],
    [
      'on the command line: firmware',
      { ...intelOff, commandLine: added.join(' ') },
      { next: added },
      false,
      'firmware setup',
    ],
    ['AMD: firmware', amdOff, { next: ['ro'] }, false, 'firmware setup'],
    [
      'AMD, changed by us: reboot',
      amdOff,
      { next: ['iommu=pt'], added: ['iommu=pt'] },
      true,
      'reboot pending',
    ],
    ['no such machine', { ...intelOff, vendor: 'other' as const }, {}, false, 'no IOMMU in this machine'],
    [
      'switched off by a person',
      { ...amdOff, commandLine: 'amd_iommu=off' },
      {},
      false,
      'amd_iommu=off switches',
    ],
    [
      'switched off, taken out meanwhile',
      { ...amdOff, commandLine: 'amd_iommu=off' },
      { next: ['ro'] },
      true,
      'reboot pending',
    ],
    ['never asked for', intelOff, { wish: 'Disabled' as const }, false, 'not enabled'],
  ])('%s', (_what, facts, more, rebootPending, text) => {
    const told = tell(facts, more);
    expect(told).toMatchObject({ status: 'Inactive', rebootPending });
    expect(told.details).toContain(text);
  });
});
