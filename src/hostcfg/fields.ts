import { type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import { invalid, shown } from './errors.ts';
import { parseLiteral } from './literal.ts';

/** One object of cfgItems and where it stands, e.g. `nicCfgs[0]`. */
export interface Entry {
  readonly path: string;
  readonly members: Readonly<Record<string, unknown>>;
}

/** More entries of one kind than any host has; keeps hostile input cheap. */
const maxEntries = 256;

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for what clients send when they mean nothing: undefined, null, "", "null", "None". */
function isAbsent(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (typeof value === 'string' && /^(?:null|none)?$/i.test(value.trim()))
  );
}

/** A map that may also be written as a JSON or Python text. */
export function mapOf(value: unknown, path: string): Record<string, unknown> {
  const read = typeof value === 'string' ? parseLiteral(value, path) : value;
  if (!isMap(read)) throw invalid(path, `must be an object like {"mac": ".."}, not ${shown(value)}`);
  return read;
}

/** The entries of the list `name` (each a text or an object); none when it is absent. */
export function entriesOf(items: Record<string, unknown>, name: string): Entry[] {
  const value = memberOf(items, name);
  if (isAbsent(value)) return [];
  const list = typeof value === 'string' ? parseLiteral(value, name) : value;
  if (!Array.isArray(list)) throw invalid(name, 'must be a list');
  if (list.length > maxEntries) throw invalid(name, `has more than ${maxEntries} entries`);
  return list.map((entry: unknown, index) => {
    const path = `${name}[${index}]`;
    return { path, members: mapOf(entry, path) };
  });
}

function memberOf(members: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

/** A member, undefined when absent in any of its spellings. */
export function optional(entry: Entry, name: string): unknown {
  const value = memberOf(entry.members, name);
  return isAbsent(value) ? undefined : value;
}

/** A trimmed text (or a number as text), undefined when absent. */
export function textOf(entry: Entry, name: string): string | undefined {
  const value = optional(entry, name);
  if (value === undefined) return undefined;
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number') return String(value);
  throw invalid(`${entry.path}.${name}`, `must be a text, not ${shown(value)}`);
}

/** A truth value: true, "true" in any case; false when absent. */
export function flagOf(entry: Entry, name: string): boolean {
  const value = optional(entry, name);
  if (value === undefined) return false;
  const text = (typeof value === 'string' || typeof value === 'boolean' ? String(value) : '')
    .trim()
    .toLowerCase();
  if (text !== 'true' && text !== 'false') {
    throw invalid(`${entry.path}.${name}`, `must be true or false, not ${shown(value)}`);
  }
  return text === 'true';
}

/** A MAC address in any spelling of `parseMac`; throws at `path` otherwise. */
export function macAt(text: string, path: string): Mac {
  const mac = parseMac(text);
  if (mac === undefined)
    throw invalid(path, `${shown(text)} is no MAC address; write it like 52:54:00:12:34:56`);
  return mac;
}

/** An IPv4 address, undefined when absent. */
export function ipv4Of(entry: Entry, name: string): Ipv4 | undefined {
  const text = textOf(entry, name);
  if (text === undefined) return undefined;
  const ip = parseIpv4(text);
  if (ip === undefined) {
    throw invalid(`${entry.path}.${name}`, `${shown(text)} is no IPv4 address; write it like 192.0.2.10`);
  }
  return ip;
}
