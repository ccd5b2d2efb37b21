import { expect, it } from 'vitest';
import { parseLspci, parseSerials } from '../../../src/iommu/parse/lspci.ts';

const text = `Slot:	0000:3b:00.0
Class:	3D controller [0302]
Vendor:	NVIDIA Corporation [10de]
Device:	TU104GL [Tesla T4] [1eb8]
SVendor:	NVIDIA Corporation [10de]
SDevice:	TU104GL [Tesla T4] [12a2]
PhySlot:	3
Rev:	a1
ProgIf:	00
Driver:	nvidia
Module:	nvidiafb
Module:	nouveau
NUMANode:	0
IOMMUGroup:	44

Slot:	10000:e1:00.0
Class:	Class [ff12]
Vendor:	Vendor [abcd]
Device:	Device [0001]

Slot:	garbage
Class:	Host bridge [0600]
Vendor:	Intel Corporation [8086]
Device:	x [0000]

`;

it('reads records; a name with brackets ends before the id', () => {
  const records = parseLspci(text);
  expect([...records.keys()]).toEqual(['0000:3b:00.0', '10000:e1:00.0']);
  expect(records.get('0000:3b:00.0')).toEqual({
    address: '0000:3b:00.0',
    classId: '0302',
    className: '3D controller',
    progIf: '00',
    vendorId: '10de',
    vendorName: 'NVIDIA Corporation',
    deviceId: '1eb8',
    deviceName: 'TU104GL [Tesla T4]',
    subvendorId: '10de',
    subdeviceId: '12a2',
    subdeviceName: 'TU104GL [Tesla T4]',
    revision: 'a1',
    driver: 'nvidia',
    modules: ['nvidiafb', 'nouveau'],
    iommuGroup: '44',
  });
});

it('has no names where pciutils has none', () => {
  expect(parseLspci(text).get('10000:e1:00.0')).toMatchObject({
    classId: 'ff12',
    className: undefined,
    vendorId: 'abcd',
    vendorName: undefined,
    deviceId: '0001',
    deviceName: undefined,
  });
});

it('reads serial numbers below the device that has them', () => {
  const serials = parseSerials(`0000:18:00.0 Ethernet controller: Intel Corporation X710
	Capabilities: [140] Device Serial Number 40-5B-9e-ff-ff-fe-fd-3c
0000:19:00.0 Non-Volatile memory controller: Device Serial Number 11-11-11-11-11-11-11-1
	Capabilities: [148 v1] Device Serial Number 00-00-00-00-00-00-00-00
`);
  expect([...serials]).toEqual([
    ['0000:18:00.0', '405b9efffffefd3c'],
    ['0000:19:00.0', '0000000000000000'],
  ]);
});
