import { Type } from 'typebox';
import { allocatorStrategies, description, newResourceUuid, shortText, whole } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { changeStateApi, deleteApi, queryApis, updateApi, withTags } from './resource.ts';

const path = '/instance-offerings';
const answers = { kind: 'inventory', resource: 'instanceOffering' } as const;
const change = { async: true, access: 'admin', answers, resourceType: 'InstanceOfferingVO' } as const;

/** Instance offerings: how many CPUs and how much memory a VM gets. */
export const instanceOfferingsApis: readonly ApiDefinition[] = [
  defineApi({
    ...change,
    name: 'CreateInstanceOffering',
    method: 'POST',
    path,
    keys: ['params'],
    summary: 'Makes an instance offering; memorySize in bytes',
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      cpuNum: whole,
      memorySize: whole,
      allocatorStrategy: Type.Optional(Type.Enum([...allocatorStrategies])),
      sortKey: Type.Optional(whole),
      type: Type.Optional(shortText),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run: (call) =>
      withTags(call, 'InstanceOfferingVO', () => call.context.catalogue.createInstanceOffering(call.params)),
  }),
  ...queryApis('QueryInstanceOffering', path, 'instanceOffering', 'session'),
  deleteApi('DeleteInstanceOffering', path, 'InstanceOfferingVO', (context, uuid) =>
    context.catalogue.deleteInstanceOffering(uuid),
  ),
  updateApi(
    'UpdateInstanceOffering',
    path,
    'InstanceOfferingVO',
    'Changes name, description or tags of an instance offering',
    (context, uuid, wish) => context.catalogue.updateInstanceOffering(uuid, wish),
  ),
  changeStateApi(
    'ChangeInstanceOfferingState',
    path,
    'InstanceOfferingVO',
    'Enables an instance offering for new VMs, or disables it',
    (context, uuid, event) => context.catalogue.changeInstanceOfferingState(uuid, event),
  ),
];
