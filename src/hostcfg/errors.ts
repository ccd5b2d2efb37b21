import { HostCfgError } from './types.ts';

/** The error of a faulty place: `path` leads the text and stands in `data.path`, e.g. `nicCfgs[0].netmask`. */
export function invalid(path: string, text: string): HostCfgError {
  return new HostCfgError('invalid', path === '' ? text : `${path}: ${text}`, { data: { path } });
}

/** A foreign value for an error text: printable, on one line, at most 64 characters. */
export function shown(value: unknown): string {
  const plain = typeof value === 'number' || typeof value === 'boolean';
  const text = typeof value === 'string' ? value : plain ? String(value) : `a value of type ${typeof value}`;
  const clean = text.replaceAll(/[^\x20-\x7e]/g, '?');
  return clean.length > 64 ? `${clean.slice(0, 61)}...` : clean;
}
