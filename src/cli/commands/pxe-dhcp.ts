import { netmaskOfPrefix } from '../../base/ipv4.ts';
import type { Command, CommandContext } from '../command.ts';
import { textOption } from '../command.ts';
import { CliError } from '../errors.ts';

/** Options of `pxe create` and `pxe update` that say what DHCP does. */
export const dhcpOptions = {
  'range-begin': { type: 'string' },
  'range-end': { type: 'string' },
  netmask: { type: 'string' },
  mode: { type: 'string' },
  'only-reserved': { type: 'string' },
  reserve: { type: 'string', multiple: true },
  exclude: { type: 'string', multiple: true },
  subnet: { type: 'string', multiple: true },
} as const satisfies NonNullable<Command['options']>;

/** Their line in the help texts. */
export const dhcpUsage =
  '[--range-begin IP --range-end IP] [--netmask MASK] [--mode serve|proxy|observe] [--only-reserved yes|no] ' +
  '[--reserve MAC=IP ...] [--exclude IP-IP ...] [--subnet NET/BITS,IP-IP[,router=IP][,dns=IP] ...]';

/** The members of a request that the options ask for. A list whose only value is empty is cleared. Throws CliError `usage`. */
export function dhcpParams(context: CommandContext): Record<string, unknown> {
  const list = (name: string): readonly string[] | undefined => {
    const values = context.options[name];
    return Array.isArray(values) ? values.map(String).filter((value) => value.trim() !== '') : undefined;
  };
  return {
    dhcpRangeBegin: textOption(context, 'range-begin'),
    dhcpRangeEnd: textOption(context, 'range-end'),
    dhcpRangeNetmask: textOption(context, 'netmask'),
    dhcpMode: textOption(context, 'mode'),
    dhcpOnlyReserved: yesOrNo(textOption(context, 'only-reserved')),
    dhcpReservations: list('reserve'),
    dhcpExclusions: list('exclude'),
    dhcpSubnets: list('subnet')?.map(subnetOf),
  };
}

function yesOrNo(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text !== 'yes' && text !== 'no') throw new CliError('usage', '--only-reserved takes yes or no');
  return text === 'yes';
}

/** `198.51.100.0/24,198.51.100.10-198.51.100.99,router=198.51.100.1,dns=198.51.100.53`. The server checks the addresses. */
function subnetOf(text: string): Record<string, unknown> {
  const [network = '', range = '', ...more] = text.split(',').map((part) => part.trim());
  const [subnet, bits, ...tooMuch] = network.split('/');
  const [rangeBegin, rangeEnd, ...further] = range.split('-').map((part) => part.trim());
  const prefix = /^\d{1,2}$/.test(bits ?? '') ? Number(bits) : Number.NaN;
  const extras = more.map((part) => /^(router|dns)=(.+)$/.exec(part));
  const isWrong = !(prefix >= 8 && prefix <= 30) || tooMuch.length > 0 || further.length > 0;
  if (isWrong || rangeEnd === undefined || extras.includes(null)) {
    throw new CliError(
      'usage',
      '--subnet must be like 198.51.100.0/24,198.51.100.10-198.51.100.99,router=198.51.100.1',
    );
  }
  const named = (name: string): readonly string[] =>
    extras.flatMap((extra) => (extra?.[1] === name && extra[2] !== undefined ? [extra[2]] : []));
  const [router] = named('router');
  const dns = named('dns');
  return {
    subnet,
    netmask: netmaskOfPrefix(prefix),
    rangeBegin,
    rangeEnd,
    ...(router === undefined ? {} : { router }),
    ...(dns.length === 0 ? {} : { dns }),
  };
}
