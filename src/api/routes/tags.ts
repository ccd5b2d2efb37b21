import { Type } from 'typebox';
import type { ResourceName } from '../ports.ts';
import { reference, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, inventoryAnswer, queryApis } from './resource.ts';

const tagText = Type.String({ minLength: 1, maxLength: 2048, hint: 'must have 1 to 2048 characters' });

function createTagApi(type: 'System' | 'User', path: string, resource: ResourceName): ApiDefinition {
  return defineApi({
    name: `Create${type}Tag`,
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary:
      type === 'System'
        ? 'Tags a resource with a setting; which there are hangs on its type'
        : 'Tags a resource with a text of your own',
    answers: { kind: 'inventory', resource },
    // Here resourceUuid is the tagged resource, not the wished uuid of the tag.
    params: Type.Object({ resourceType: shortText, resourceUuid: reference, tag: tagText }),
    async run({ context, params }) {
      return inventoryAnswer(context, resource, await context.platform.tags.createTag(type, params));
    },
  });
}

/** Tags of resources. */
export const tagsApis: readonly ApiDefinition[] = [
  createTagApi('System', '/system-tags', 'systemTag'),
  ...queryApis('QuerySystemTag', '/system-tags', 'systemTag', 'session'),
  defineApi({
    name: 'UpdateSystemTag',
    method: 'PUT',
    path: '/system-tags/:uuid/actions',
    keys: ['updateSystemTag'],
    async: true,
    access: 'admin',
    summary: 'Changes the value of a system tag',
    answers: { kind: 'inventory', resource: 'systemTag' },
    params: Type.Object({ uuid: reference, tag: tagText }),
    async run({ context, params }) {
      await context.platform.tags.updateSystemTag(params.uuid, params.tag);
      return inventoryAnswer(context, 'systemTag', params.uuid);
    },
  }),
  createTagApi('User', '/user-tags', 'userTag'),
  ...queryApis('QueryUserTag', '/user-tags', 'userTag', 'session'),
  deleteApi(
    'DeleteTag',
    '/tags',
    undefined,
    (context, uuid) => context.platform.tags.deleteTag(uuid),
    'Takes a system or user tag away; deleting what does not exist succeeds',
  ),
];
