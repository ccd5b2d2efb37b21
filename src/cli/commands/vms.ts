import type { Command, CommandContext } from '../command.ts';
import { callWithProgress, findOne, inventoryOf, refuseWords, wordAt } from '../command.ts';
import { plain, renderFields } from '../output.ts';
import { uuidAt, withNames } from './kvm-things.ts';
import { listCommand } from './resource.ts';

const path = '/vm-instances';
const columns = ['name', 'uuid', 'state', 'host', 'cpuNum', 'memorySize'];

/** An action of the API by the verb of the command. */
function action(
  verb: string,
  about: string,
  more: Pick<Command, 'options'> & { readonly flags?: string } = {},
  parameters: (context: CommandContext) => object = () => ({}),
): Command {
  const { flags, ...options } = more;
  return {
    ...options,
    name: `vm ${verb}`,
    usage: `vm ${verb} <vm>${flags === undefined ? '' : ` ${flags}`}`,
    about,
    async run(context) {
      const at = `${path}/${await uuidAt(context, 0, 'vm')}/actions`;
      refuseWords(context, 1);
      const body = { [`${verb}VmInstance`]: parameters(context) };
      const answer = await callWithProgress(context, `vm ${verb}`, 'PUT', at, body);
      context.show(answer, () => `${context.words[0]} is ${plain(inventoryOf(answer)['state'])}`);
    },
  };
}

export const vmCommands: readonly Command[] = [
  listCommand({ noun: 'vm', one: 'a VM', path }, 'all VMs', columns, withNames),
  {
    name: 'vm show',
    usage: 'vm show <vm>',
    about: 'one VM with its NICs and disks',
    async run(context) {
      const wanted = wordAt(context, 0, 'the name or uuid of a VM');
      const inventory = await findOne(context.client, path, 'VM', wanted);
      context.show({ inventory }, () => renderFields(inventory));
    },
  },
  action('start', 'start a VM'),
  action(
    'stop',
    'ask the guest to shut down, or pull the plug',
    { options: { cold: { type: 'boolean' } }, flags: '[--cold]' },
    ({ options }) => ({ type: options['cold'] === true ? 'cold' : 'grace' }),
  ),
  action('reboot', 'restart a VM'),
  action('pause', 'halt its CPUs'),
  action('resume', 'let it go on'),
];
