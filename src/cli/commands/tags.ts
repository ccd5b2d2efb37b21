import type { Answer } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { callWithProgress, findOne, refuseWords, textOf, wordAt } from '../command.ts';
import { CliError } from '../errors.ts';
import { plain, renderTable } from '../output.ts';

const paths = { system: '/system-tags', user: '/user-tags' } as const;

const kindOf = ({ options }: CommandContext): keyof typeof paths =>
  options['user'] === true ? 'user' : 'system';

async function chassisOf(context: CommandContext): Promise<string> {
  const wanted = wordAt(context, 0, 'the name or uuid of a chassis');
  return textOf(await findOne(context.client, '/baremetal/chassis', 'chassis', wanted), 'uuid');
}

const tagsOf = (context: CommandContext, chassisUuid: string): Promise<readonly Answer[]> =>
  context.client.list(paths[kindOf(context)], [`resourceUuid=${chassisUuid}`]);

/** System tags are stored in one spelling, so that bootMac::AA:... means the tag bootMac::aa:... */
function isNamed(context: CommandContext, row: Answer, wanted: string): boolean {
  const tag = textOf(row, 'tag');
  return kindOf(context) === 'user' ? tag === wanted : tag.toLowerCase() === wanted.toLowerCase();
}

const options = { user: { type: 'boolean' } } as const;

export const tagCommands: readonly Command[] = [
  {
    name: 'tag list',
    usage: 'tag list <chassis> [--user]',
    about: 'system tags of a chassis, which are settings of it; with --user the tags of your own',
    options,
    async run(context) {
      refuseWords(context, 1);
      const inventories = await tagsOf(context, await chassisOf(context));
      context.show({ inventories }, () => renderTable(['tag', 'uuid', 'createDate'], inventories));
    },
  },
  {
    name: 'tag add',
    usage: 'tag add <chassis> TAG [--user]',
    about: 'add a system tag, e.g. bootMac::52:54:00:12:34:56 or bootMode::uefi; with --user any text',
    options,
    async run(context) {
      refuseWords(context, 2);
      const tag = wordAt(context, 1, 'the tag');
      const params = { resourceType: 'BaremetalChassisVO', resourceUuid: await chassisOf(context), tag };
      const answer = await callWithProgress(context, 'tag add', 'POST', paths[kindOf(context)], { params });
      context.show(answer, () => `${context.words[0]}: added ${plain(tag)}`);
    },
  },
  {
    name: 'tag remove',
    usage: 'tag remove <chassis> TAG [--user]',
    about: 'take a tag away',
    options,
    async run(context) {
      refuseWords(context, 2);
      const wanted = wordAt(context, 1, 'the tag');
      const tags = await tagsOf(context, await chassisOf(context));
      const tag = tags.find((row) => isNamed(context, row, wanted));
      if (tag === undefined) {
        const has = tags.map((row) => plain(row['tag'])).join(', ');
        throw new CliError(
          'refused',
          `${context.words[0]} has no ${kindOf(context)} tag ${plain(wanted)}; it has ${has === '' ? 'none' : has}`,
        );
      }
      const answer = await callWithProgress(context, 'tag remove', 'DELETE', `/tags/${textOf(tag, 'uuid')}`);
      context.show(answer, () => `${context.words[0]}: removed ${plain(tag['tag'])}`);
    },
  },
];
