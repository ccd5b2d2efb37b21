import { Type } from 'typebox';
import { description, newResourceUuid, reference, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { changeStateApi, deleteApi, queryApis, updateApi, withTags } from './resource.ts';

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
  updateApi(
    'UpdateCluster',
    path,
    'ClusterVO',
    'Changes name, description or tags of a cluster',
    (context, uuid, change) => context.platform.clusters.updateCluster(uuid, change),
  ),
  changeStateApi(
    'ChangeClusterState',
    path,
    'ClusterVO',
    'Enables or disables a cluster; nothing is provisioned in a disabled one',
    (context, uuid, event) => context.platform.clusters.changeClusterState(uuid, event),
  ),
];
