import { Type } from 'typebox';
import { description, newResourceUuid, reference, shortText, stateEvent } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, queryApis, withTags } from './resource.ts';

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
  defineApi({
    name: 'UpdateZone',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateZone'],
    async: true,
    access: 'admin',
    summary: 'Changes name, description or tags of a zone',
    answers: { kind: 'inventory', resource: 'zone' },
    resourceType: 'ZoneVO',
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
    }),
    run(call) {
      const { uuid, ...change } = call.params;
      return withTags(call, 'ZoneVO', async () => {
        await call.context.platform.zones.updateZone(uuid, change);
        return uuid;
      });
    },
  }),
  defineApi({
    name: 'ChangeZoneState',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['changeZoneState'],
    async: true,
    access: 'admin',
    summary: 'Enables or disables a zone; nothing is provisioned in a disabled one',
    answers: { kind: 'inventory', resource: 'zone' },
    resourceType: 'ZoneVO',
    params: Type.Object({ uuid: reference, stateEvent }),
    run: (call) =>
      withTags(call, 'ZoneVO', async () => {
        const { uuid, stateEvent: event } = call.params;
        await call.context.platform.zones.changeZoneState(uuid, event);
        return uuid;
      }),
  }),
];
