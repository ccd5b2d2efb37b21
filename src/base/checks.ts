import type { RandomBytes } from './random.ts';
import { newUuid, parseUuid, type Uuid } from './uuid.ts';

/** Makes a room's own error of what is wrong with a call. */
type MakeError = (
  code: 'invalid-argument' | 'not-found' | 'conflict',
  text: string,
  data?: Record<string, unknown>,
) => Error;

/** Checks of what people give, which throw the errors of one room. */
export interface Checks<Made extends Error> {
  /** An `invalid-argument` error that names the parameter. */
  readonly badArgument: (parameter: string, text: string) => Made;
  /** A trimmed text of 1..255 characters without control characters. */
  readonly checkName: (value: string) => string;
  /** The wished uuid of a new resource, or a random one. */
  readonly checkResourceUuid: (wish: string | undefined, random: RandomBytes) => Uuid;
  /** `not-found` for a reference that leads nowhere; `list` is the API that lists what there is. */
  readonly notFound: (what: string, uuid: string, list: string) => Made;
  /** The refusal of a wished uuid that another resource has. */
  readonly takenUuid: (uuid: Uuid) => Made;
}

/** Whether a text has control characters, which would break lines of logs, files and commands. */
export function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}

/** The checks of a room, by its way to make errors. */
export function checksFor<Made extends Error>(make: (...of: Parameters<MakeError>) => Made): Checks<Made> {
  const badArgument: Checks<Made>['badArgument'] = (parameter, text) =>
    make('invalid-argument', `${parameter}: ${text}`, { parameter });
  return {
    badArgument,
    checkName(value) {
      const text = value.trim();
      if (text === '') throw badArgument('name', 'must not be empty');
      if (text.length > 255) throw badArgument('name', 'must have at most 255 characters');
      if (hasControls(text)) throw badArgument('name', 'must not contain control characters');
      return text;
    },
    checkResourceUuid(wish, random) {
      if (wish === undefined || wish === '') return newUuid(random);
      const uuid = parseUuid(wish);
      if (uuid !== undefined) return uuid;
      throw badArgument('resourceUuid', 'must be a uuid of 32 hex digits without dashes');
    },
    notFound: (what, uuid, list) => make('not-found', `there is no ${what} ${uuid}; ${list} lists them`),
    takenUuid: (uuid) => make('conflict', `resourceUuid ${uuid} is taken; choose another one`),
  };
}
