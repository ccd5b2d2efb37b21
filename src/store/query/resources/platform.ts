import type { ResourceName } from '../../../api/ports.ts';
import { likely } from '../comparison.ts';
import {
  boolean,
  commonText,
  date,
  dates,
  defineResource,
  integer,
  optionalCommonText,
  optionalInteger,
  optionalJson,
  optionalText,
  text,
  toMany,
  toOne,
} from '../resource.ts';

/** System and user tags lie in one table. */
function tags(name: ResourceName, inventory: string, type: 'System' | 'User') {
  return defineResource({
    name,
    inventory,
    table: 'tag',
    only: likely(`type = '${type}'`),
    fields: {
      uuid: text,
      resourceUuid: text,
      resourceType: text,
      tag: text,
      type: text,
      ...(type === 'System' ? { inherent: boolean } : {}),
      ...dates,
    },
    sight: { column: 'resource_uuid', among: ['self', 'users', 'shared'] },
  });
}

/** A table between clusters and what is in them. */
const inClusters = { table: 'cluster', here: 'zone_uuid', there: 'uuid' } as const;

/** What is not about machines. */
export const platform = {
  account: defineResource({
    name: 'account',
    inventory: 'AccountInventory',
    table: 'account',
    fields: { uuid: text, name: text, description: optionalText, type: text, ...dates },
    relations: { users: toMany('user', 'account_uuid', { aliases: ['user'] }) },
    sight: { column: 'uuid', among: ['self'] },
    tagType: 'AccountVO',
  }),
  user: defineResource({
    name: 'user',
    inventory: 'UserInventory',
    table: 'account_user',
    fields: { uuid: text, accountUuid: text, name: text, description: optionalText, kind: text, ...dates },
    relations: { account: toOne('account', 'account_uuid') },
    sight: { column: 'account_uuid', among: ['self'] },
    tagType: 'UserVO',
  }),
  managementNode: defineResource({
    name: 'managementNode',
    inventory: 'ManagementNodeInventory',
    table: 'management_node',
    fields: { uuid: text, hostName: text, joinDate: date, heartBeat: date },
  }),
  systemTag: tags('systemTag', 'SystemTagInventory', 'System'),
  userTag: tags('userTag', 'UserTagInventory', 'User'),
  notification: defineResource({
    name: 'notification',
    inventory: 'NotificationInventory',
    table: 'notification',
    fields: {
      uuid: text,
      name: commonText,
      content: text,
      sender: text,
      type: text,
      status: commonText,
      resourceUuid: optionalText,
      resourceType: optionalText,
      opaque: optionalJson,
      occurrences: integer,
      time: integer,
      ...dates,
    },
  }),
  globalConfig: defineResource({
    name: 'globalConfig',
    inventory: 'GlobalConfigInventory',
    table: 'global_config',
    fields: { category: text, name: text, description: text, defaultValue: text, value: text },
    key: ['category', 'name'],
    order: [],
  }),
  audit: defineResource({
    name: 'audit',
    inventory: 'AuditInventory',
    table: 'audit',
    fields: {
      uuid: text,
      createDate: date,
      accountUuid: optionalCommonText,
      accountName: optionalText,
      userUuid: optionalText,
      userName: optionalText,
      remoteAddress: optionalCommonText,
      api: commonText,
      resourceType: optionalText,
      resourceUuid: optionalText,
      jobUuid: optionalText,
      outcome: text,
      errorCode: optionalText,
      errorText: optionalText,
      // Text and not json: a long one is cut.
      request: optionalText,
      durationMs: optionalInteger,
    },
    // Lines of one millisecond stay in the order in which they were written.
    key: ['id'],
  }),
  zone: defineResource({
    name: 'zone',
    inventory: 'ZoneInventory',
    table: 'zone',
    fields: { uuid: text, name: text, description: optionalText, state: text, type: text, ...dates },
    relations: {
      clusters: toMany('cluster', 'zone_uuid', { aliases: ['cluster'] }),
      chassis: { ...toMany('chassis', 'cluster_uuid'), via: inClusters },
      hosts: { ...toMany('host', 'cluster_uuid', { aliases: ['host'] }), via: inClusters },
      vmInstances: toMany('vmInstance', 'zone_uuid', { aliases: ['vmInstance'] }),
    },
    sight: { column: 'uuid', among: ['shared'] },
    tagType: 'ZoneVO',
  }),
  cluster: defineResource({
    name: 'cluster',
    inventory: 'ClusterInventory',
    table: 'cluster',
    fields: {
      uuid: text,
      name: text,
      description: optionalText,
      state: text,
      hypervisorType: text,
      zoneUuid: text,
      type: text,
      ...dates,
    },
    relations: {
      zone: toOne('zone', 'zone_uuid'),
      chassis: toMany('chassis', 'cluster_uuid'),
      hosts: toMany('host', 'cluster_uuid', { aliases: ['host'] }),
      pxeServers: toMany('pxeServer', 'cluster_uuid', { aliases: ['pxeServer'] }),
      vmInstances: toMany('vmInstance', 'cluster_uuid', { aliases: ['vmInstance'] }),
    },
    sight: { column: 'uuid', among: ['shared'] },
    tagType: 'ClusterVO',
  }),
} as const;
