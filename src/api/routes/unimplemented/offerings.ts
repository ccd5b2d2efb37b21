import { Type } from 'typebox';
import { deleteMode, description, newResourceUuid, reference, shortText, whole } from '../../schemas.ts';
import type { ApiDefinition } from '../../zstack/definition.ts';
import { later } from './later.ts';

/** Instance offerings and stack templates: known by their contract, not served yet. */
export const offeringsApis: readonly ApiDefinition[] = [
  later({
    name: 'CreateInstanceOffering',
    method: 'POST',
    path: '/instance-offerings',
    keys: ['params'],
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      cpuNum: whole,
      memorySize: whole,
      allocatorStrategy: Type.Optional(
        Type.Enum([
          'DefaultHostAllocatorStrategy',
          'LastHostPreferredAllocatorStrategy',
          'LeastVmPreferredHostAllocatorStrategy',
          'MinimumCPUUsageHostAllocatorStrategy',
          'MinimumMemoryUsageHostAllocatorStrategy',
          'MaxInstancePerHostHostAllocatorStrategy',
        ]),
      ),
      sortKey: Type.Optional(whole),
      type: Type.Optional(shortText),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
  }),
  later({
    name: 'DeleteInstanceOffering',
    method: 'DELETE',
    path: '/instance-offerings/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
      deleteMode: Type.Optional(deleteMode),
    }),
  }),
  later({
    name: 'QueryInstanceOffering',
    method: 'GET',
    path: '/instance-offerings',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'QueryInstanceOffering',
    method: 'GET',
    path: '/instance-offerings/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'ChangeInstanceOffering',
    method: 'PUT',
    path: '/vm-instances/:uuid/actions',
    keys: ['changeInstanceOffering'],
    params: Type.Object({
      uuid: reference,
      instanceOfferingUuid: reference,
    }),
  }),
  later({
    name: 'UpdateInstanceOffering',
    method: 'PUT',
    path: '/instance-offerings/:uuid/actions',
    keys: ['updateInstanceOffering'],
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
    }),
  }),
  later({
    name: 'ChangeInstanceOfferingState',
    method: 'PUT',
    path: '/instance-offerings/:uuid/actions',
    keys: ['changeInstanceOfferingState'],
    params: Type.Object({
      uuid: reference,
      stateEvent: Type.Enum(['enable', 'disable']),
    }),
  }),
  later({
    name: 'AddStackTemplate',
    method: 'POST',
    path: '/cloudformation/template',
    keys: ['params'],
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      type: Type.Optional(Type.Enum(['zstack'])),
      templateContent: Type.Unknown(),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
  }),
  later({
    name: 'DeleteStackTemplate',
    method: 'DELETE',
    path: '/cloudformation/template/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
      deleteMode: Type.Optional(deleteMode),
    }),
  }),
  later({
    name: 'QueryStackTemplate',
    method: 'GET',
    path: '/cloudformation/template',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'QueryStackTemplate',
    method: 'GET',
    path: '/cloudformation/template/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
];
