import { parseUuid } from '../base/uuid.ts';
import type { Answer, CallOptions, Client } from './client.ts';
import { CliError } from './errors.ts';
import type { Io } from './io.ts';
import { createProgress, progressAfterMs } from './io.ts';
import { plain } from './output.ts';

/** Values of options by name, as parseArgs gives them. */
export type OptionValues = Readonly<
  Record<string, string | boolean | readonly (string | boolean)[] | undefined>
>;

/** What a command runs with. */
export interface CommandContext {
  readonly io: Io;
  readonly client: Client;
  readonly words: readonly string[];
  readonly options: OptionValues;
  /** Prints `answer` as JSON under --json, else the text. */
  readonly show: (answer: unknown, text: () => string) => void;
}

/** One command, e.g. `chassis list`. `usage` is the line of the help text. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly about: string;
  /** Options besides --json, --url and --help. */
  readonly options?: Readonly<
    Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: true }>
  >;
  run(context: CommandContext): Promise<void>;
}

/** The n-th word after the command's name; throws CliError `usage` when it is missing. */
export function wordAt({ words }: CommandContext, at: number, what: string): string {
  const word = words[at];
  if (word === undefined || word === '') throw new CliError('usage', `${what} is missing`);
  return word;
}

/** Text of an option, undefined when it was not given. */
export function textOption({ options }: CommandContext, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** Text of an option that must be given. */
export function neededOption(context: CommandContext, name: string): string {
  const value = textOption(context, name);
  if (value === undefined || value === '') throw new CliError('usage', `option --${name} is missing`);
  return value;
}

/** Throws CliError `usage` for words that the command does not take. */
export function refuseWords({ words }: CommandContext, taken: number): void {
  const word = words[taken];
  if (word !== undefined) throw new CliError('usage', `what is ${plain(word)}? See --help`);
}

/** The resource of a list that has this name or uuid; undefined when there is none. Rejects with `refused` for a name of several. */
export async function findAtMostOne(
  client: Client,
  path: string,
  what: string,
  nameOrUuid: string,
): Promise<Answer | undefined> {
  const uuid = parseUuid(nameOrUuid);
  const [byUuid] = uuid === undefined ? [] : await client.list(path, [`uuid=${uuid}`]);
  if (byUuid !== undefined) return byUuid;
  // A name that holds an operator of the query language cannot be asked for; then the whole list is looked through.
  const askable = !/[=<>]| is null| not null/.test(nameOrUuid);
  const rows = await client.list(path, askable ? [`name=${nameOrUuid}`] : []);
  const named = rows.filter((row) => row['name'] === nameOrUuid);
  const [first, second] = named;
  if (second !== undefined) {
    const uuids = named.map((row) => plain(row['uuid'])).join(', ');
    throw new CliError(
      'refused',
      `${named.length} ${what}s are named ${plain(nameOrUuid)}; give one of: ${uuids}`,
    );
  }
  return first;
}

/** The one resource of a list that has this name or uuid. */
export async function findOne(
  client: Client,
  path: string,
  what: string,
  nameOrUuid: string,
): Promise<Answer> {
  const found = await findAtMostOne(client, path, what, nameOrUuid);
  if (found !== undefined) return found;
  throw new CliError('refused', `there is no ${what} with the name or uuid ${plain(nameOrUuid)}`);
}

/** A member of a row that must be text. */
export function textOf(row: Answer, name: string): string {
  const value = row[name];
  if (typeof value !== 'string') throw new CliError('bad-answer', `the server's answer lacks ${name}`);
  return value;
}

/** Runs one call with progress on the error stream: that it runs, and on a terminal also how far the job is. */
export async function callWithProgress(
  { client, io }: CommandContext,
  what: string,
  ...[method, path, body, options]: Parameters<Client['call']>
): Promise<Answer> {
  const progress = createProgress(io, what);
  const following: CallOptions = {
    ...options,
    onWait: (elapsedMs, stage) => progress.onWait(elapsedMs, stage),
    ...(io.stderr.isTTY === true ? { stagesAfterMs: progressAfterMs } : {}),
  };
  try {
    return await client.call(method, path, body, following);
  } finally {
    progress.done();
  }
}

/** The inventory of an answer. */
export function inventoryOf(answer: Answer): Answer {
  const { inventory } = answer;
  if (typeof inventory !== 'object' || inventory === null)
    throw new CliError('bad-answer', 'the server answered no inventory');
  return inventory as Answer;
}
