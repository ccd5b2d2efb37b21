import * as fc from 'fast-check';
import { ipv4FromNumber } from '../../src/base/ipv4.ts';

/** A valid host before spelling: what all spellings of it must mean. */
export interface Wish {
  readonly nicCfgs: readonly Readonly<Record<string, string | boolean | undefined>>[];
  readonly bondings: readonly Readonly<Record<string, string | number | undefined>>[];
  readonly vlans: readonly Readonly<Record<string, string | number | undefined>>[];
}

export function macOf(index: number): string {
  return `52:54:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;
}

/** Address members in the /24 number `index` of 10.0.0.0/8, all or some. */
function addressAt(index: number, shape: number): Record<string, string | undefined> {
  const base = 0x0a000000 + index * 256;
  if (shape === 0) return {};
  return {
    ip: ipv4FromNumber(base + 9),
    netmask: '255.255.255.0',
    gateway: shape > 1 ? ipv4FromNumber(base + 1) : undefined,
    dns: shape > 2 ? '192.0.2.53' : undefined,
  };
}

const bondName = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$/);
const shape = fc.integer({ min: 0, max: 3 });

/** Valid hosts: 1 to 5 NICs, up to 3 bonds of up to 3 NICs, up to 5 VLANs. */
export const wishes: fc.Arbitrary<Wish> = fc
  .record({
    nics: fc.array(shape, { minLength: 1, maxLength: 5 }),
    boot: fc.nat(),
    bonds: fc.uniqueArray(
      fc.record({
        name: bondName,
        slaves: fc.integer({ min: 1, max: 3 }),
        mode: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
        shape,
      }),
      { maxLength: 3, selector: ({ name }) => name },
    ),
    vlans: fc.array(fc.record({ parent: fc.nat(), shape }), { maxLength: 5 }),
    firstId: fc.integer({ min: 1, max: 4089 }),
  })
  .map(({ nics, boot, bonds, vlans, firstId }) => {
    const parents = [...nics.map((_, index) => macOf(index)), ...bonds.map(({ name }) => name)].filter(
      // "null" and "none" mean absent, whatever they stand for.
      (parent) => !/^(?:null|none)$/i.test(parent),
    );
    return {
      nicCfgs: nics.map((kind, index) => ({
        mac: macOf(index),
        pxe: index === boot % nics.length,
        ...addressAt(index, kind),
      })),
      bondings: bonds
        .filter(({ name }) => !/^(?:null|none)$/i.test(name))
        .map((bond, index) => ({
          name: bond.name,
          slaves: Array.from({ length: bond.slaves }, (_, slave) => macOf(256 + index * 16 + slave)).join(
            ',',
          ),
          mode: bond.mode,
          ...addressAt(100 + index, bond.shape),
        })),
      vlans: vlans.map((vlan, index) => ({
        parent: parents[vlan.parent % parents.length] ?? macOf(0),
        vlanId: firstId + index,
        ...addressAt(200 + index, vlan.shape),
      })),
    };
  });

/** Python's repr() of a flat map, as `str(dict)` writes it. */
export function pythonText(map: Readonly<Record<string, unknown>>): string {
  const value = (member: unknown): string => {
    if (member === undefined || member === null) return 'None';
    if (typeof member === 'boolean') return member ? 'True' : 'False';
    return typeof member === 'string' ? `'${member}'` : fc.stringify(member);
  };
  const members = Object.entries(map).map(([name, member]) => `'${name}': ${value(member)}`);
  return `{${members.join(', ')}}`;
}

/** The same map as clients of ZStack write it: only texts, "TRUE", "null". */
export function textMembers(map: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map).map(([name, member]) => [
      name,
      typeof member === 'boolean'
        ? String(member).toUpperCase()
        : member === undefined
          ? 'null'
          : String(member as string | number),
    ]),
  );
}
