import { Type } from 'typebox';
import {
  allocatorStrategies,
  description,
  newResourceUuid,
  reference,
  shortText,
  stateEvent,
  whole,
} from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, inventoryAnswer, queryApis, withTags } from './resource.ts';

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
  defineApi({
    ...change,
    name: 'UpdateInstanceOffering',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateInstanceOffering'],
    summary: 'Changes name, description or tags of an instance offering',
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
    }),
    run(call) {
      const { uuid, ...wish } = call.params;
      return withTags(call, 'InstanceOfferingVO', async () => {
        await call.context.catalogue.updateInstanceOffering(uuid, wish);
        return uuid;
      });
    },
  }),
  defineApi({
    ...change,
    name: 'ChangeInstanceOfferingState',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['changeInstanceOfferingState'],
    summary: 'Enables an instance offering for new VMs, or disables it',
    params: Type.Object({ uuid: reference, stateEvent }),
    async run({ context, params }) {
      await context.catalogue.changeInstanceOfferingState(params.uuid, params.stateEvent);
      return inventoryAnswer(context, 'instanceOffering', params.uuid);
    },
  }),
];
