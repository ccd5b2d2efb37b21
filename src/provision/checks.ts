import { type Ipv4, parseIpv4 } from '../base/ipv4.ts';
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
