import { Type } from 'typebox';
import { description, newResourceUuid, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, queryApis, withTags } from './resource.ts';

const path = '/cloudformation/template';

/** Stack templates: kept, checked and handed out, never run. */
export const stackTemplatesApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'AddStackTemplate',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Checks a stack template and keeps it',
    answers: { kind: 'inventory', resource: 'stackTemplate' },
    resourceType: 'StackTemplateVO',
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      type: Type.Optional(Type.Enum(['zstack'])),
      templateContent: Type.String({ minLength: 1, hint: 'must be a template in JSON' }),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run(call) {
      const { type: _zstack, ...input } = call.params;
      return withTags(call, 'StackTemplateVO', () => call.context.catalogue.addStackTemplate(input));
    },
  }),
  ...queryApis('QueryStackTemplate', path, 'stackTemplate'),
  deleteApi('DeleteStackTemplate', path, 'StackTemplateVO', (context, uuid) =>
    context.catalogue.deleteStackTemplate(uuid),
  ),
];
