import type { QuirkName } from '../quirks.ts';

/** Makers of boards and BMC firmware by IANA enterprise number, by the names that technicians use. */
const names: ReadonlyMap<number, string> = new Map([
  [2, 'IBM'],
  [9, 'Cisco'],
  [11, 'HP'],
  [42, 'Sun'],
  [107, 'Bull'],
  [111, 'Oracle'],
  [116, 'Hitachi'],
  [119, 'NEC'],
  [186, 'Toshiba'],
  [211, 'Fujitsu'],
  [343, 'Intel'],
  [674, 'Dell'],
  [2011, 'Huawei'],
  [2623, 'ASUS'],
  [3704, 'AMD'],
  [3902, 'ZTE'],
  [4769, 'IBM'],
  [5703, 'NVIDIA'],
  [6653, 'Tyan'],
  [7244, 'Quanta'],
  [10_297, 'Advantech'],
  [10_368, 'Fujitsu'],
  [10_418, 'Avocent'],
  [10_437, 'Peppercon'],
  [10_876, 'Supermicro'],
  [11_129, 'Google'],
  [12_290, 'Celestica'],
  [13_742, 'Raritan'],
  [15_000, 'Kontron'],
  [15_370, 'Gigabyte'],
  [19_046, 'Lenovo'],
  [20_301, 'IBM'],
  [20_974, 'AMI'],
  [24_339, 'ADLINK'],
  [25_506, 'H3C'],
  [37_945, 'Inspur'],
  [40_092, 'Wiwynn'],
  [40_981, 'Facebook'],
  [47_196, 'HPE'],
  // Registered for somebody else, but in use by boards of this maker.
  [47_488, 'Supermicro'],
  [48_512, 'Inspur'],
  [49_769, 'YADRO'],
  [49_871, 'OpenBMC'],
  [52_538, 'Ampere'],
]);

/** The maker's name, or `IANA <number>` for one that is not in the table. */
export const vendorName = (manufacturerId: number): string =>
  names.get(manufacturerId) ?? `IANA ${manufacturerId}`;

/** Quirks that some old boards of a maker had, as FreeIPMI's lists have them. To try when logins fail, never by themselves. */
const quirksOf: ReadonlyMap<number, readonly QuirkName[]> = new Map([
  [42, ['sun20', 'authcap']],
  [343, ['intel20', 'opensesspriv']],
  [674, ['endianseq', 'authcap']],
  [10_876, ['supermicro20', 'authcap']],
  [2623, ['authcap']],
  [6653, ['authcap']],
]);

/** Quirks worth a try for a maker's boards when logins fail. */
export const suggestedQuirks = (manufacturerId: number): readonly QuirkName[] =>
  quirksOf.get(manufacturerId) ?? [];
