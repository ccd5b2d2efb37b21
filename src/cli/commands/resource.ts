import type { Answer } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { callWithProgress, findOne, refuseWords, textOf, wordAt } from '../command.ts';
import { renderTable } from '../output.ts';

/** A kind of things that commands list, name and delete. */
export interface Kind {
  /** First word of its commands. */
  readonly noun: string;
  /** With its article, e.g. `an image`. */
  readonly one: string;
  /** Path of its API. */
  readonly path: string;
}

/** `<noun> list`: a table of all; `shown` makes the rows of it. */
export function listCommand(
  { noun, path }: Kind,
  about: string,
  columns: readonly string[],
  shown: (context: CommandContext, rows: readonly Answer[]) => Promise<readonly Answer[]> = async (_, rows) =>
    rows,
): Command {
  return {
    name: `${noun} list`,
    usage: `${noun} list`,
    about,
    async run(context) {
      refuseWords(context, 0);
      const inventories = await context.client.list(path);
      const rows = await shown(context, inventories);
      context.show({ inventories }, () => renderTable(columns, rows));
    },
  };
}

/** `<noun> delete <noun>`. */
export function deleteCommand(kind: Kind, about: string): Command {
  const { noun, path } = kind;
  return {
    name: `${noun} delete`,
    usage: `${noun} delete <${noun}>`,
    about,
    async run(context) {
      const uuid = await onlyUuid(context, kind);
      const answer = await callWithProgress(context, `${noun} delete`, 'DELETE', `${path}/${uuid}`);
      context.show(answer, () => `${context.words[0]}: deleted`);
    },
  };
}

/** The uuid of the one thing that the command's only word names. */
export async function onlyUuid(context: CommandContext, { noun, one, path }: Kind): Promise<string> {
  const wanted = wordAt(context, 0, `the name or uuid of ${one}`);
  refuseWords(context, 1);
  return textOf(await findOne(context.client, path, noun, wanted), 'uuid');
}
