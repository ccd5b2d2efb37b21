import { type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import { newUuid, parseUuid, type Uuid } from '../base/uuid.ts';
import type { RandomBytes } from '../base/random.ts';
import { ProvisionError } from './service.ts';

/** An `invalid-argument` error that names the parameter. */
export function badArgument(parameter: string, text: string): ProvisionError {
  return new ProvisionError('invalid-argument', `${parameter}: ${text}`, { data: { parameter } });
}

/** A trimmed text of 1..max characters without control characters. */
export function checkText(parameter: string, value: string, max = 255): string {
  const text = value.trim();
  if (text === '') throw badArgument(parameter, 'must not be empty');
  if (text.length > max) throw badArgument(parameter, `must have at most ${max} characters`);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) throw badArgument(parameter, 'must not contain control characters');
  return text;
}

/** An IPv4 address or an error that names the parameter. */
export function checkIpv4(parameter: string, value: string): Ipv4 {
  const ip = parseIpv4(value.trim());
  if (ip === undefined) throw badArgument(parameter, `"${value}" is not an IPv4 address like 192.0.2.10`);
  return ip;
}

/** The wished uuid of a new resource, or a random one. */
export function checkResourceUuid(wish: string | undefined, random: RandomBytes): Uuid {
  if (wish === undefined || wish === '') return newUuid(random);
  const uuid = parseUuid(wish);
  if (uuid === undefined) throw badArgument('resourceUuid', 'must be a uuid of 32 hex digits without dashes');
  return uuid;
}

/** What the system tags of a chassis ask for. */
export interface ChassisTags {
  readonly skipIpmiCheck: boolean;
  readonly bootMacs: readonly Mac[];
  readonly bootMode: 'legacy' | 'uefi' | undefined;
}

/** Reads the tags that concern a chassis; others are not ours to judge. */
export function readChassisTags(tags: readonly string[]): ChassisTags {
  let skipIpmiCheck = false;
  let bootMode: ChassisTags['bootMode'];
  const bootMacs: Mac[] = [];
  for (const tag of tags) {
    const at = tag.indexOf('::');
    const [name, value] = at < 0 ? [tag, ''] : [tag.slice(0, at), tag.slice(at + 2)];
    if (name === 'skipIpmiCheck') skipIpmiCheck = value.toLowerCase() === 'true';
    if (name === 'bootMac') {
      const mac = parseMac(value);
      if (mac === undefined)
        throw badArgument('systemTags', `"${tag}" needs a MAC address like bootMac::52:54:00:12:34:56`);
      bootMacs.push(mac);
    }
    if (name === 'bootMode') {
      if (value !== 'legacy' && value !== 'uefi')
        throw badArgument('systemTags', `"${tag}" must be bootMode::legacy or bootMode::uefi`);
      bootMode = value;
    }
  }
  return { skipIpmiCheck, bootMacs, bootMode };
}
