import { parseUuid } from '../../base/uuid.ts';
import type { Answer } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { callWithProgress, refuseWords, textOf } from '../command.ts';
import { CliError } from '../errors.ts';
import { plain, renderTable } from '../output.ts';

const path = '/notifications';
/** Uuids that one call takes. */
const maxUuids = 10_000;

const columns = ['uuid', 'lastSeen', 'type', 'name', 'times', 'status', 'content'];

function rowOf(notification: Answer): Answer {
  const { time, occurrences } = notification;
  const lastSeen = typeof time === 'number' ? `${new Date(time).toISOString().slice(0, 19)}Z` : undefined;
  return { ...notification, lastSeen, times: occurrences };
}

const listed = ({ client }: CommandContext, conditions: readonly string[]): Promise<readonly Answer[]> =>
  client.list(path, conditions, { sort: '-time' });

/** The notifications that the words or --all mean; `conditions` narrow --all. */
async function wantedUuids(
  context: CommandContext,
  conditions: readonly string[],
): Promise<readonly string[]> {
  const { words, options } = context;
  if (options['all'] === true) {
    refuseWords(context, 0);
    return (await listed(context, conditions)).map((row) => textOf(row, 'uuid'));
  }
  if (words.length === 0) throw new CliError('usage', 'give the uuids of notifications, or --all');
  return words.map((word) => {
    const uuid = parseUuid(word);
    if (uuid === undefined) throw new CliError('usage', `${plain(word)} is no uuid of 32 hex digits`);
    return uuid;
  });
}

function changeCommand(
  verb: 'read' | 'delete',
  about: string,
  conditions: readonly string[],
  send: (context: CommandContext, uuids: readonly string[]) => Promise<Answer>,
): Command {
  return {
    name: `notifications ${verb}`,
    usage: `notifications ${verb} UUID...|--all`,
    about,
    options: { all: { type: 'boolean' } },
    async run(context) {
      const uuids = await wantedUuids(context, conditions);
      for (let at = 0; at < uuids.length; at += maxUuids) {
        await send(context, uuids.slice(at, at + maxUuids));
      }
      const done = verb === 'read' ? 'marked as read' : 'deleted';
      context.show({ uuids }, () => (uuids.length === 0 ? 'there are none' : `${uuids.length} ${done}`));
    },
  };
}

export const notificationCommands: readonly Command[] = [
  {
    name: 'notifications',
    usage: 'notifications [--all]',
    about: 'what a person should see and has not read yet, newest first; --all shows the read ones too',
    options: { all: { type: 'boolean' } },
    async run(context) {
      refuseWords(context, 0);
      const inventories = await listed(context, context.options['all'] === true ? [] : ['status=Unread']);
      context.show({ inventories }, () => renderTable(columns, inventories.map(rowOf)));
    },
  },
  changeCommand('read', 'mark some, or all, as read', ['status=Unread'], (context, uuids) =>
    callWithProgress(context, 'notifications read', 'PUT', `${path}/actions`, {
      updateNotificationsStatus: { uuids, status: 'Read' },
    }),
  ),
  changeCommand('delete', 'delete some, or all, read or not', [], (context, uuids) =>
    callWithProgress(context, 'notifications delete', 'DELETE', path, { uuids }),
  ),
];
