import type { Answer } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import {
  callWithProgress,
  findOne,
  inventoryOf,
  neededOption,
  refuseWords,
  textOf,
  textOption,
  wordAt,
} from '../command.ts';
import { renderFields, renderTable } from '../output.ts';

/** What differs between zones and clusters. */
interface Place {
  readonly noun: 'zone' | 'cluster';
  readonly path: string;
  readonly columns: readonly string[];
  /** Body key of enable and disable. */
  readonly stateKey: string;
  readonly create: Pick<Command, 'usage' | 'about' | 'options'>;
  /** Parameters of a new one besides name and description. */
  readonly params: (context: CommandContext) => Promise<Answer>;
  readonly deletes: string;
}

async function uuidOf(context: CommandContext, { noun, path }: Place): Promise<string> {
  const wanted = wordAt(context, 0, `the name or uuid of a ${noun}`);
  refuseWords(context, 1);
  return textOf(await findOne(context.client, path, noun, wanted), 'uuid');
}

function stateCommand(place: Place, verb: 'enable' | 'disable'): Command {
  const { noun, path, stateKey } = place;
  return {
    name: `${noun} ${verb}`,
    usage: `${noun} ${verb} <${noun}>`,
    about: verb === 'enable' ? 'provision in it again' : 'provision nothing in it until it is enabled again',
    async run(context) {
      const at = `${path}/${await uuidOf(context, place)}/actions`;
      const body = { [stateKey]: { stateEvent: verb } };
      const answer = await callWithProgress(context, `${noun} ${verb}`, 'PUT', at, body);
      context.show(answer, () => `${context.words[0]}: ${verb}d`);
    },
  };
}

function placeCommands(place: Place): readonly Command[] {
  const { noun, path, columns } = place;
  return [
    {
      name: `${noun} list`,
      usage: `${noun} list`,
      about: `all ${noun}s`,
      async run(context) {
        refuseWords(context, 0);
        const inventories = await context.client.list(path);
        context.show({ inventories }, () => renderTable(columns, inventories));
      },
    },
    {
      ...place.create,
      name: `${noun} create`,
      async run(context) {
        const name = wordAt(context, 0, `the name of the ${noun}`);
        refuseWords(context, 1);
        const more = await place.params(context);
        const params = { name, description: textOption(context, 'description'), ...more };
        const answer = await callWithProgress(context, `${noun} create`, 'POST', path, { params });
        context.show(answer, () => renderFields(inventoryOf(answer)));
      },
    },
    {
      name: `${noun} delete`,
      usage: `${noun} delete <${noun}>`,
      about: place.deletes,
      async run(context) {
        const at = `${path}/${await uuidOf(context, place)}`;
        const answer = await callWithProgress(context, `${noun} delete`, 'DELETE', at);
        context.show(answer, () => `${context.words[0]}: deleted`);
      },
    },
    stateCommand(place, 'enable'),
    stateCommand(place, 'disable'),
  ];
}

const zone: Place = {
  noun: 'zone',
  path: '/zones',
  columns: ['name', 'uuid', 'state', 'description'],
  stateKey: 'changeZoneState',
  create: {
    usage: 'zone create NAME [--description TEXT]',
    about: 'make a zone, e.g. for a hall',
    options: { description: { type: 'string' } },
  },
  params: async () => ({}),
  deletes: 'delete a zone with its clusters',
};

const cluster: Place = {
  noun: 'cluster',
  path: '/clusters',
  columns: ['name', 'uuid', 'state', 'zoneUuid', 'description'],
  stateKey: 'changeClusterState',
  create: {
    usage: 'cluster create NAME --zone ZONE [--description TEXT]',
    about: 'make a cluster in a zone, e.g. for a rack; chassis create --cluster puts machines into it',
    options: { zone: { type: 'string' }, description: { type: 'string' } },
  },
  async params(context) {
    const wanted = neededOption(context, 'zone');
    const zoneUuid = textOf(await findOne(context.client, zone.path, 'zone', wanted), 'uuid');
    return { zoneUuid, hypervisorType: 'KVM' };
  },
  deletes: 'delete a cluster; the machines in it stay',
};

/** Zones and clusters. */
export const allPlaceCommands: readonly Command[] = [...placeCommands(zone), ...placeCommands(cluster)];
