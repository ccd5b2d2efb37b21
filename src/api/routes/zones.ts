import { Type } from 'typebox';
import { description, newResourceUuid, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { changeStateApi, deleteApi, queryApis, updateApi, withTags } from './resource.ts';

const path = '/zones';

/** Zones: the top of the tree of places. */
export const zonesApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CreateZone',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Makes a zone',
    answers: { kind: 'inventory', resource: 'zone' },
    resourceType: 'ZoneVO',
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run: (call) => withTags(call, 'ZoneVO', () => call.context.platform.zones.createZone(call.params)),
  }),
  ...queryApis('QueryZone', path, 'zone', 'session'),
  deleteApi('DeleteZone', path, 'ZoneVO', (context, uuid) => context.platform.zones.deleteZone(uuid)),
  updateApi(
    'UpdateZone',
    path,
    'ZoneVO',
    'Changes name, description or tags of a zone',
    (context, uuid, change) => context.platform.zones.updateZone(uuid, change),
  ),
  changeStateApi(
    'ChangeZoneState',
    path,
    'ZoneVO',
    'Enables or disables a zone; nothing is provisioned in a disabled one',
    (context, uuid, event) => context.platform.zones.changeZoneState(uuid, event),
  ),
];
