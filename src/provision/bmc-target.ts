import { type BmcProfile, type PoolTarget, targetOptionsOf } from '../ipmi/index.ts';
import type { Chassis } from './model.ts';

/**
 * Where the BMC of a chassis is, how to log in and how to treat it. What a person said by system tags goes before what was measured.
 */
export function targetOf(chassis: Chassis, profile: BmcProfile | undefined): PoolTarget {
  const { ipmiAddress, ipmiPort, ipmiUsername, ipmiPassword, ipmiKg, ipmiOptions = {} } = chassis;
  const { cipherSuite, tuning } = profile === undefined ? {} : targetOptionsOf(profile);
  // IPMI 1.5 has no cipher suites.
  const suite = ipmiOptions.protocol === '1.5' ? undefined : (ipmiOptions.cipherSuite ?? cipherSuite);
  const { cipherSuite: _wished, ...options } = ipmiOptions;
  return {
    address: ipmiAddress,
    port: ipmiPort,
    username: ipmiUsername,
    password: ipmiPassword,
    ...options,
    ...(ipmiKg === undefined ? {} : { kg: ipmiKg }),
    ...(suite === undefined ? {} : { cipherSuite: suite }),
    ...(tuning === undefined ? {} : { tuning }),
  };
}

/** Members of a chassis by which its BMC is found and logged in to: when one changes, the BMC is looked at anew. */
export const accessMembers = [
  'ipmiAddress',
  'ipmiPort',
  'ipmiUsername',
  'ipmiPassword',
  'ipmiKg',
] as const satisfies readonly (keyof Chassis)[];

/** True when both are the same BMC with the same login and options. */
export function isSameAccess(a: Chassis, b: Chassis): boolean {
  const options = (chassis: Chassis): string => JSON.stringify(chassis.ipmiOptions ?? {});
  return accessMembers.every((member) => a[member] === b[member]) && options(a) === options(b);
}
