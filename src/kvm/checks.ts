import type { RandomBytes } from '../base/random.ts';
import { newUuid, parseUuid, type Uuid } from '../base/uuid.ts';
import { KvmError } from './errors.ts';

/** An `invalid-argument` error that names the parameter. */
export function badArgument(parameter: string, text: string): KvmError {
  return new KvmError('invalid-argument', `${parameter}: ${text}`, { data: { parameter } });
}

/** Whether a text has control characters, which would break lines of logs, files and commands. */
export function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}

/** A trimmed text of 1..255 characters without control characters. */
export function checkName(value: string): string {
  const text = value.trim();
  if (text === '') throw badArgument('name', 'must not be empty');
  if (text.length > 255) throw badArgument('name', 'must have at most 255 characters');
  if (hasControls(text)) throw badArgument('name', 'must not contain control characters');
  return text;
}

/** The wished uuid of a new resource, or a random one. */
export function checkResourceUuid(wish: string | undefined, random: RandomBytes): Uuid {
  if (wish === undefined || wish === '') return newUuid(random);
  const uuid = parseUuid(wish);
  if (uuid === undefined) throw badArgument('resourceUuid', 'must be a uuid of 32 hex digits without dashes');
  return uuid;
}

/** `not-found` for a reference that leads nowhere; `list` is the API that lists what there is. */
export function notFound(what: string, uuid: string, list: string): KvmError {
  return new KvmError('not-found', `there is no ${what} ${uuid}; ${list} lists them`);
}

/** The refusal of a wished uuid that another resource has. */
export function takenUuid(uuid: Uuid): KvmError {
  return new KvmError('conflict', `resourceUuid ${uuid} is taken; choose another one`);
}
