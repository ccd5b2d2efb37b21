import { type QuirkName, quirkNames } from '../ipmi/index.ts';
import { badArgument } from './checks.ts';
import type { IpmiOptions } from './model.ts';

/** Suites that can be used; those with RC4, and 0, which needs no password, cannot. IPMI 2.0 §22.15.2 */
const usableSuites = [1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17];

/** What one system tag says about a BMC; undefined for a tag of another kind. Throws ProvisionError `invalid-argument`. */
export function readIpmiTag(name: string, value: string, tag: string): IpmiTag | undefined {
  const refuse = (form: string) => badArgument('systemTags', `"${tag}" must be ${form}`);
  switch (name) {
    case 'ipmiProtocol':
      if (value !== '1.5' && value !== '2.0') throw refuse('ipmiProtocol::1.5 or ipmiProtocol::2.0');
      return { kind: 'protocol', value };
    case 'ipmiCipherSuite': {
      const suite = /^\d{1,2}$/.test(value) ? Number(value) : -1;
      if (!usableSuites.includes(suite))
        throw refuse(`ipmiCipherSuite:: with one of ${usableSuites.join(', ')}`);
      return { kind: 'cipherSuite', value: suite };
    }
    case 'ipmiAllowWeakSuites':
      if (value !== 'true' && value !== 'false')
        throw refuse('ipmiAllowWeakSuites::true or ipmiAllowWeakSuites::false');
      return { kind: 'allowWeakSuites', value: value === 'true' };
    case 'ipmiQuirk': {
      const quirks = Object.keys(quirkNames) as QuirkName[];
      const quirk = quirks.find((one) => one === value);
      if (quirk === undefined) throw refuse(`ipmiQuirk:: with one of ${quirks.join(', ')}`);
      return { kind: 'quirk', value: quirk };
    }
    default:
      return undefined;
  }
}

/** One thing that a system tag says about a BMC. */
export type IpmiTag =
  | { readonly kind: 'protocol'; readonly value: '1.5' | '2.0' }
  | { readonly kind: 'cipherSuite'; readonly value: number }
  | { readonly kind: 'allowWeakSuites'; readonly value: boolean }
  | { readonly kind: 'quirk'; readonly value: QuirkName };

/** The options after some tags went and others came; undefined when nothing is left. A tag that went takes only what it had said. */
export function withIpmiTags(
  options: IpmiOptions | undefined,
  gained: readonly IpmiTag[],
  lost: readonly IpmiTag[] = [],
): IpmiOptions | undefined {
  let protocol = options?.protocol;
  let cipherSuite = options?.cipherSuite;
  let allowWeakSuites = options?.allowWeakSuites;
  const quirks = new Set(options?.quirks);
  for (const { kind, value } of lost) {
    if (kind === 'protocol' && value === '1.5') protocol = undefined;
    if (kind === 'cipherSuite' && value === cipherSuite) cipherSuite = undefined;
    if (kind === 'allowWeakSuites' && value) allowWeakSuites = undefined;
    if (kind === 'quirk') quirks.delete(value);
  }
  for (const { kind, value } of gained) {
    if (kind === 'protocol') protocol = value === '1.5' ? value : undefined;
    if (kind === 'cipherSuite') cipherSuite = value;
    if (kind === 'allowWeakSuites') allowWeakSuites = value ? true : undefined;
    if (kind === 'quirk') quirks.add(value);
  }
  const next: IpmiOptions = {
    ...(protocol && { protocol }),
    ...(cipherSuite !== undefined && { cipherSuite }),
    ...(allowWeakSuites && { allowWeakSuites }),
    ...(quirks.size > 0 && { quirks: [...quirks] }),
  };
  return Object.keys(next).length === 0 ? undefined : next;
}
