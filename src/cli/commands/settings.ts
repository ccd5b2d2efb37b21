import type { Answer } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { callWithProgress, inventoryOf, refuseWords, textOf, wordAt } from '../command.ts';
import { CliError } from '../errors.ts';
import { plain, renderTable } from '../output.ts';

const path = '/global-configurations';
const columns = ['setting', 'value', 'default', 'description'];

const fullName = (row: Answer): string => `${textOf(row, 'category')}/${textOf(row, 'name')}`;

function rowOf(row: Answer): Answer {
  return { ...row, setting: fullName(row), default: row['defaultValue'] };
}

const noSuch = (wanted: string): CliError =>
  new CliError('refused', `there is no setting ${plain(wanted)}; \`rackwright settings\` lists them`);

/** The one setting of the first word; its category may be followed by `/` or, as in our documents, by a dot. */
async function settingOf(context: CommandContext): Promise<Answer> {
  const wanted = wordAt(context, 0, 'the setting, as CATEGORY/NAME,');
  const rows = await context.client.list(path);
  const found = rows.find((row) => [fullName(row), fullName(row).replace('/', '.')].includes(wanted));
  if (found === undefined) throw noSuch(wanted);
  return found;
}

/** Gives a setting a value; undefined means its default. */
async function change(context: CommandContext, what: string, value: string | undefined): Promise<void> {
  const setting = await settingOf(context);
  const [category, name] = [textOf(setting, 'category'), textOf(setting, 'name')];
  const at = `${path}/${encodeURIComponent(category)}/${encodeURIComponent(name)}/actions`;
  const answer = await callWithProgress(context, what, 'PUT', at, { updateGlobalConfig: { value } });
  context.show(answer, () => `${category}/${name}: ${plain(inventoryOf(answer)['value'])}`);
}

export const settingCommands: readonly Command[] = [
  {
    name: 'settings',
    usage: 'settings [NAME]',
    about: 'settings of the server with their values; NAME is CATEGORY/NAME, or one of the two',
    async run(context) {
      refuseWords(context, 1);
      const [wanted] = context.words;
      const rows = await context.client.list(path);
      const inventories = rows.filter((row) => {
        const name = fullName(row);
        return (
          wanted === undefined ||
          [name, name.replace('/', '.'), row['category'], row['name']].includes(wanted)
        );
      });
      if (wanted !== undefined && inventories.length === 0) throw noSuch(wanted);
      context.show({ inventories }, () => renderTable(columns, inventories.map(rowOf)));
    },
  },
  {
    name: 'settings set',
    usage: 'settings set CATEGORY/NAME VALUE',
    about: 'change a setting; it holds at once and stays',
    async run(context) {
      refuseWords(context, 2);
      await change(context, 'settings set', wordAt(context, 1, 'the value'));
    },
  },
  {
    name: 'settings reset',
    usage: 'settings reset CATEGORY/NAME',
    about: 'go back to the default of a setting',
    async run(context) {
      refuseWords(context, 1);
      await change(context, 'settings reset', undefined);
    },
  },
];
