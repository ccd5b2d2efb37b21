import { parseUuid } from '../../base/uuid.ts';
import type { Answer } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { findOne, refuseWords, textOf, textOption } from '../command.ts';
import { CliError } from '../errors.ts';
import { renderTable } from '../output.ts';
import { parseSince } from '../since.ts';

const columns = ['date', 'who', 'from', 'api', 'resource', 'outcome', 'error'];

function rowOf(entry: Answer): Answer {
  const who = [entry['accountName'], entry['userName']].filter((name) => typeof name === 'string');
  return {
    ...entry,
    date: entry['createDate'],
    who: who.length === 0 ? undefined : who.join('/'),
    from: entry['remoteAddress'],
    resource: entry['resourceUuid'],
    error: entry['errorText'],
  };
}

async function chassisUuid({ client }: CommandContext, wanted: string): Promise<string> {
  // Of a chassis that has been deleted, only the log is left.
  return parseUuid(wanted) ?? textOf(await findOne(client, '/baremetal/chassis', 'chassis', wanted), 'uuid');
}

/** The query language's form of a time: to the second, in UTC. */
function sinceCondition(text: string): string {
  const at = parseSince(text, Date.now());
  if (at === undefined) {
    throw new CliError(
      'usage',
      '--since takes 90m, 2h, 7d, or a time such as "2026-01-31 14:00" in UTC, or with its zone at the end',
    );
  }
  return `createDate>=${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}`;
}

function limitOf(context: CommandContext): number {
  const text = textOption(context, 'limit') ?? '50';
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new CliError('usage', '--limit must be a number from 1 on');
  return Number(text);
}

export const auditCommands: readonly Command[] = [
  {
    name: 'audit',
    usage: 'audit [--chassis CHASSIS] [--api NAME] [--since TIME] [--limit N]',
    about:
      'who changed what: the newest N (50) lines of the audit log, newest last; TIME is 90m, 2h, 7d or "2026-01-31 14:00" in UTC; NAME may hold %',
    options: {
      chassis: { type: 'string' },
      api: { type: 'string' },
      since: { type: 'string' },
      limit: { type: 'string' },
    },
    async run(context) {
      refuseWords(context, 0);
      const limit = limitOf(context);
      const [chassis, api, since] = ['chassis', 'api', 'since'].map((name) => textOption(context, name));
      const conditions = [
        ...(since === undefined ? [] : [sinceCondition(since)]),
        ...(api === undefined ? [] : [`api${api.includes('%') ? '~=' : '='}${api}`]),
        ...(chassis === undefined ? [] : [`resourceUuid=${await chassisUuid(context, chassis)}`]),
      ];
      const newestFirst = await context.client.list('/audits', conditions, { sort: '-createDate', limit });
      const inventories = newestFirst.toReversed();
      context.show({ inventories }, () => renderTable(columns, inventories.map(rowOf)));
    },
  },
];
