import type { Answer, Client } from '../client.ts';
import { rowsOf } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { findOne, textOf, wordAt } from '../command.ts';
import { CliError } from '../errors.ts';
import { createProgress, say } from '../io.ts';
import { plain, renderTable } from '../output.ts';
import { entriesOf, renderEntry, renderWhy } from '../timeline.ts';

const chassisPath = '/baremetal/chassis';
const pollMs = 1000;

/** The newest run of a chassis; undefined before the first. */
async function latestRun(client: Client, chassisUuid: string): Promise<Answer | undefined> {
  const { inventory } = await client.call('GET', `${chassisPath}/${chassisUuid}/timeline`);
  return inventory as Answer | undefined;
}

/**
 * Prints what a machine does until its run has ended, on a terminal with the stage below, which `jobUuid` of the call that began
 * the run tells; rejects with CliError `refused` and the cause when it failed.
 */
export async function followRun(
  context: CommandContext,
  chassisUuid: string,
  jobUuid: string | undefined,
): Promise<void> {
  const { client, io } = context;
  const begin = Date.now();
  const progress = createProgress(io, 'chassis provision');
  let printed = 0;
  try {
    for (;;) {
      const run = await latestRun(client, chassisUuid);
      const entries = run === undefined ? [] : entriesOf(run);
      if (entries.length > printed && context.options['json'] !== true) {
        progress.done();
        for (const entry of entries.slice(printed)) say(io, renderEntry(entry, run?.['startedAt']));
      }
      printed = entries.length;
      if (run?.['endedAt'] !== undefined) {
        progress.done();
        if (run['stage'] === 'failed') throw new CliError('refused', plain(run['cause'] ?? 'the run failed'));
        context.show({ inventory: run }, () => 'done');
        return;
      }
      if (io.stderr.isTTY === true && jobUuid !== undefined) {
        progress.onWait(Date.now() - begin, await client.stage(jobUuid));
      }
      await new Promise((resolve) => {
        setTimeout(resolve, pollMs);
      });
    }
  } finally {
    progress.done();
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
      const inventories = rowsOf(await client.call('GET', '/baremetal/seen-machines'), 'inventories');
      const columns = ['mac', 'firmware', 'reason', 'count', 'lastSeenDate', 'vendorClass'];
      show({ inventories }, () => renderTable(columns, inventories));
    },
  },
];
