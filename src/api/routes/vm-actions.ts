import { type Static, type TProperties, Type } from 'typebox';
import { ApiError } from '../errors.ts';
import { description, platform, reference, shortText, whole } from '../schemas.ts';
import type { ApiContext, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { isJsonObject } from '../zstack/body.ts';
import { inventoryAnswer, withTags } from './resource.ts';

const row = {
  method: 'PUT',
  path: '/vm-instances/:uuid/actions',
  async: true,
  access: 'admin',
  answers: { kind: 'inventory', resource: 'vmInstance' },
  resourceType: 'VmInstanceVO',
} as const;

/** An action whose answer is the VM after it. */
function action<Own extends TProperties>(
  name: string,
  summary: string,
  own: Own,
  act: (
    context: ApiContext,
    uuid: string,
    params: Static<ReturnType<typeof Type.Object<Own>>>,
  ) => Promise<void>,
): ApiDefinition {
  const key = name.charAt(0).toLowerCase() + name.slice(1);
  const params = Type.Object(own);
  return {
    ...row,
    name,
    keys: [key],
    summary,
    params: Type.Object({ ...params.properties, uuid: reference }),
    async run({ context, params: given }) {
      const { uuid, ...rest } = given as { uuid: string };
      await act(context, uuid, rest as Static<typeof params>);
      return inventoryAnswer(context, 'vmInstance', uuid);
    },
  };
}

/** A VM's definition lies on one host: another cluster than that host's cannot be had. */
async function checkCluster(context: ApiContext, uuid: string, clusterUuid: string | undefined) {
  if (clusterUuid === undefined) return;
  await context.platform.clusters.checkCluster(clusterUuid);
  const vm = await context.inventoryOf('vmInstance', uuid);
  if (!isJsonObject(vm) || vm['clusterUuid'] === clusterUuid) return;
  throw new ApiError('bad-argument', 'parameter clusterUuid: the VM lies on a host of another cluster', {
    data: { parameter: 'clusterUuid' },
  });
}

/** What is done with a VM. */
export const vmActionsApis: readonly ApiDefinition[] = [
  action(
    'StartVmInstance',
    'Starts a VM',
    { clusterUuid: Type.Optional(reference), hostUuid: Type.Optional(reference) },
    async (context, uuid, { clusterUuid, hostUuid }) => {
      await checkCluster(context, uuid, clusterUuid);
      await context.vms.startVm(uuid, hostUuid === undefined ? {} : { hostUuid });
    },
  ),
  action(
    'StopVmInstance',
    'Asks the guest to shut down and waits (grace), or pulls the plug (cold)',
    { type: Type.Optional(Type.Enum(['grace', 'cold'])) },
    (context, uuid, { type = 'grace' }) => context.vms.stopVm(uuid, type),
  ),
  action('RebootVmInstance', 'Restarts a VM', {}, (context, uuid) => context.vms.rebootVm(uuid)),
  action('PauseVmInstance', 'Halts the CPUs of a VM', {}, (context, uuid) => context.vms.pauseVm(uuid)),
  action('ResumeVmInstance', 'Lets a paused VM go on', {}, (context, uuid) => context.vms.resumeVm(uuid)),
  action('RecoverVmInstance', 'Takes a destroyed VM back; it is stopped then', {}, (context, uuid) =>
    context.vms.recoverVm(uuid),
  ),
  action(
    'ChangeInstanceOffering',
    'Gives a VM the CPUs and memory of another instance offering',
    { instanceOfferingUuid: reference },
    (context, uuid, { instanceOfferingUuid }) =>
      context.vms.changeInstanceOffering(uuid, instanceOfferingUuid),
  ),
  defineApi({
    ...row,
    name: 'UpdateVmInstance',
    keys: ['updateVmInstance'],
    summary: 'Changes name, description, platform, CPUs, memory or tags of a VM',
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
      platform: Type.Optional(platform),
      cpuNum: Type.Optional(whole),
      memorySize: Type.Optional(whole),
      state: Type.Optional(Type.Enum(['Stopped', 'Running'])),
      defaultL3NetworkUuid: Type.Optional(reference),
    }),
    run(call) {
      const { uuid, state, defaultL3NetworkUuid, ...change } = call.params;
      const unserved = Object.entries({ state, defaultL3NetworkUuid }).find(
        ([, value]) => value !== undefined,
      );
      if (unserved !== undefined) {
        const [parameter] = unserved;
        const text = `parameter ${parameter} is what the host says and is not set; leave it out`;
        throw new ApiError('bad-argument', text, { data: { parameter } });
      }
      return withTags(call, 'VmInstanceVO', async () => {
        await call.context.vms.updateVm(uuid, change);
        return uuid;
      });
    },
  }),
];
