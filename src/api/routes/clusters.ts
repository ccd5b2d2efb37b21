import { Type } from 'typebox';
import { description, newResourceUuid, reference, shortText, stateEvent } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, queryApis, withTags } from './resource.ts';

const path = '/clusters';

/** Clusters: what is provisioned together, in one zone each. */
export const clustersApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CreateCluster',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Makes a cluster',
    answers: { kind: 'inventory', resource: 'cluster' },
    resourceType: 'ClusterVO',
    params: Type.Object({
      zoneUuid: reference,
      name: shortText,
      description: Type.Optional(description),
      hypervisorType: Type.Enum(['KVM', 'Simulator']),
      type: Type.Optional(Type.Enum(['zstack'])),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run: (call) =>
      withTags(call, 'ClusterVO', () => call.context.platform.clusters.createCluster(call.params)),
  }),
  ...queryApis('QueryCluster', path, 'cluster', 'session'),
  deleteApi('DeleteCluster', path, 'ClusterVO', (context, uuid) =>
    context.platform.clusters.deleteCluster(uuid),
  ),
  defineApi({
    name: 'UpdateCluster',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateCluster'],
    async: true,
    access: 'admin',
    summary: 'Changes name, description or tags of a cluster',
    answers: { kind: 'inventory', resource: 'cluster' },
    resourceType: 'ClusterVO',
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
    }),
    run(call) {
      const { uuid, ...change } = call.params;
      return withTags(call, 'ClusterVO', async () => {
        await call.context.platform.clusters.updateCluster(uuid, change);
        return uuid;
      });
    },
  }),
  defineApi({
    name: 'ChangeClusterState',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['changeClusterState'],
    async: true,
    access: 'admin',
    summary: 'Enables or disables a cluster; nothing is provisioned in a disabled one',
    answers: { kind: 'inventory', resource: 'cluster' },
    resourceType: 'ClusterVO',
    params: Type.Object({ uuid: reference, stateEvent }),
    run: (call) =>
      withTags(call, 'ClusterVO', async () => {
        const { uuid, stateEvent: event } = call.params;
        await call.context.platform.clusters.changeClusterState(uuid, event);
        return uuid;
      }),
  }),
];
