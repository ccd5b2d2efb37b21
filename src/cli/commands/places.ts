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
import { renderFields } from '../output.ts';
import { deleteCommand, type Kind, listCommand, onlyUuid } from './resource.ts';

/** What differs between zones and clusters. */
interface Place extends Kind {
  readonly lists: string;
  readonly columns: readonly string[];
  /** Body key of enable and disable. */
  readonly stateKey: string;
  readonly create: Pick<Command, 'usage' | 'about' | 'options'>;
  /** Parameters of a new one besides name and description. */
  readonly params: (context: CommandContext) => Promise<Answer>;
  readonly deletes: string;
}

function stateCommand(place: Place, verb: 'enable' | 'disable'): Command {
  const { noun, path, stateKey } = place;
  return {
    name: `${noun} ${verb}`,
    usage: `${noun} ${verb} <${noun}>`,
    about: verb === 'enable' ? 'provision in it again' : 'provision nothing in it until it is enabled again',
    async run(context) {
      const at = `${path}/${await onlyUuid(context, place)}/actions`;
      const body = { [stateKey]: { stateEvent: verb } };
      const answer = await callWithProgress(context, `${noun} ${verb}`, 'PUT', at, body);
      context.show(answer, () => `${context.words[0]}: ${verb}d`);
    },
  };
}

function placeCommands(place: Place): readonly Command[] {
  const { noun, path } = place;
  return [
    listCommand(place, place.lists, place.columns),
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
    deleteCommand(place, place.deletes),
    stateCommand(place, 'enable'),
    stateCommand(place, 'disable'),
  ];
}

const zone: Place = {
  noun: 'zone',
  one: 'a zone',
  lists: 'all zones',
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
  one: 'a cluster',
  lists: 'all clusters',
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
