import type { BondingCfg } from './types.ts';

/** Names of the modes 0 to 6, in order. Linux bonding.rst, option `mode` */
const names = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
] as const;

/** The kernel's name of a bonding mode, e.g. `802.3ad` for 4. */
export function bondingModeName(mode: BondingCfg['mode']): (typeof names)[number] {
  return names[mode];
}

/** A mode from its number (4, `"4"`) or its name in any case; undefined when there is none such. */
export function parseBondingMode(value: string | number): BondingCfg['mode'] | undefined {
  const text = String(value).trim().toLowerCase();
  const index = /^[0-6]$/.test(text) ? Number(text) : names.findIndex((name) => name === text);
  return index === -1 ? undefined : (index as BondingCfg['mode']);
}
