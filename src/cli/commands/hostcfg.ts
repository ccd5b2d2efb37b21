import { readFile } from 'node:fs/promises';
import { messageOf } from '../../base/errors.ts';
import type { Answer } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { callWithProgress, findOne, inventoryOf, neededOption, textOf, wordAt } from '../command.ts';
import { CliError } from '../errors.ts';
import { renderFields } from '../output.ts';

const path = '/baremetal/hostcfg';
const chassisPath = '/baremetal/chassis';

async function readConfig(file: string): Promise<Answer> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    // The parser's text quotes the file, which may hold a root password.
    const why = error instanceof SyntaxError ? 'it is not JSON' : messageOf(error);
    throw new CliError('local-file', `${file} cannot be read: ${why}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CliError('local-file', `${file} must hold a JSON object`);
  }
  return value as Answer;
}

async function hostCfgOf(context: CommandContext): Promise<Answer> {
  const wanted = wordAt(context, 0, 'the name or uuid of a chassis');
  const chassis = await findOne(context.client, chassisPath, 'chassis', wanted);
  const [cfg] = await context.client.list(path, [`chassisUuid=${textOf(chassis, 'uuid')}`]);
  if (cfg === undefined) throw new CliError('refused', `${wanted} has no hostcfg`);
  return cfg;
}

export const hostCfgCommands: readonly Command[] = [
  {
    name: 'hostcfg create',
    usage: 'hostcfg create --file FILE.json [<chassis>]',
    about:
      'what a host shall be: {"nicCfgs":[...],"bondings":[...],"vlans":[...],"password":...,"chassis":...}',
    options: { file: { type: 'string' } },
    async run(context) {
      const { chassis, cfgItems, nicCfgs, bondings, vlans, ...rest } = await readConfig(
        neededOption(context, 'file'),
      );
      const wanted = context.words[0] ?? rest['chassisUuid'] ?? chassis;
      if (typeof wanted !== 'string')
        throw new CliError('usage', 'name the chassis in the command or in the file');
      const chassisUuid = textOf(await findOne(context.client, chassisPath, 'chassis', wanted), 'uuid');
      const password = context.io.env['RACKWRIGHT_ROOT_PASSWORD'] ?? rest['password'];
      const params = { ...rest, password, chassisUuid, cfgItems: cfgItems ?? { nicCfgs, bondings, vlans } };
      const answer = await callWithProgress(context, 'hostcfg create', 'POST', path, { params });
      context.show(answer, () => renderFields(inventoryOf(answer)));
    },
  },
  {
    name: 'hostcfg show',
    usage: 'hostcfg show <chassis>',
    about: "a chassis' hostcfg",
    async run(context) {
      const cfg = await hostCfgOf(context);
      context.show({ inventory: cfg }, () => renderFields(cfg));
    },
  },
  {
    name: 'hostcfg delete',
    usage: 'hostcfg delete <chassis>',
    about: "delete a chassis' hostcfg: the next provisioning inspects",
    async run(context) {
      const uuid = textOf(await hostCfgOf(context), 'uuid');
      const answer = await callWithProgress(context, 'hostcfg delete', 'DELETE', `${path}/${uuid}`);
      context.show(answer, () => 'deleted');
    },
  },
];
