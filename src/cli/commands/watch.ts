import type { Answer, Client } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { findOne, textOf, wordAt } from '../command.ts';
import { CliError } from '../errors.ts';
import { say } from '../io.ts';
import { plain, renderTable } from '../output.ts';
import { entriesOf, renderEntry, renderWhy } from '../timeline.ts';

const chassisPath = '/baremetal/chassis';
const pollMs = 1000;

/** The newest run of a chassis; undefined before the first. */
async function latestRun(client: Client, chassisUuid: string): Promise<Answer | undefined> {
  const { inventory } = await client.call('GET', `${chassisPath}/${chassisUuid}/timeline`);
  return inventory as Answer | undefined;
}

/** Prints what a machine does until its run has ended; rejects with CliError `refused` and the cause when it failed. */
export async function followRun(context: CommandContext, chassisUuid: string): Promise<void> {
  let printed = 0;
  for (;;) {
    const run = await latestRun(context.client, chassisUuid);
    const entries = run === undefined ? [] : entriesOf(run);
    if (context.options['json'] !== true) {
      for (const entry of entries.slice(printed)) say(context.io, renderEntry(entry, run?.['startedAt']));
    }
    printed = entries.length;
    if (run?.['endedAt'] !== undefined) {
      if (run['stage'] === 'failed') throw new CliError('refused', plain(run['cause'] ?? 'the run failed'));
      context.show({ inventory: run }, () => 'done');
      return;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, pollMs);
    });
  }
}

export const watchCommands: readonly Command[] = [
  {
    name: 'why',
    usage: 'why <chassis>',
    about: 'what a machine did since its last provisioning, and why it stopped',
    async run(context) {
      const wanted = wordAt(context, 0, 'the name or uuid of a chassis');
      const chassis = await findOne(context.client, chassisPath, 'chassis', wanted);
      const run = await latestRun(context.client, textOf(chassis, 'uuid'));
      context.show({ chassis, run }, () => renderWhy(chassis, run));
    },
  },
  {
    name: 'seen',
    usage: 'seen',
    about: 'machines that asked for a network boot and are not known',
    async run({ client, show }) {
      const inventories = await client.list('/baremetal/seen-machines');
      const columns = ['mac', 'firmware', 'reason', 'count', 'lastSeenDate', 'vendorClass'];
      show({ inventories }, () => renderTable(columns, inventories));
    },
  },
];
