import { checksFor, hasControls } from '../base/checks.ts';
import { type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import { ProvisionError } from './service.ts';

/** What people give, checked; throws ProvisionError. */
export const { badArgument, checkResourceUuid, takenUuid } = checksFor(
  (code, text, data) => new ProvisionError(code, text, data === undefined ? {} : { data }),
);

/** A trimmed text of 1..max characters without control characters. */
export function checkText(parameter: string, value: string, max = 255): string {
  const text = value.trim();
  if (text === '') throw badArgument(parameter, 'must not be empty');
  if (text.length > max) throw badArgument(parameter, `must have at most ${max} characters`);
  if (hasControls(text)) throw badArgument(parameter, 'must not contain control characters');
  return text;
}

/** An IPv4 address or an error that names the parameter. */
export function checkIpv4(parameter: string, value: string): Ipv4 {
  const ip = parseIpv4(value.trim());
  if (ip === undefined) throw badArgument(parameter, `"${value}" is not an IPv4 address like 192.0.2.10`);
  return ip;
}
