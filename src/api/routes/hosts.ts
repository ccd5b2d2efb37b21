import { type Static, type TObject, Type } from 'typebox';
import {
  allocatorStrategies,
  description,
  newResourceUuid,
  reference,
  shortText,
  tcpPort,
} from '../schemas.ts';
import type { ApiCall, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, inventoryAnswer, queryApis, withTags } from './resource.ts';

/** Never trimmed; empty means Rackwright's own SSH key. */
const password = Type.String({ maxLength: 255, secret: true, hint: 'must have at most 255 characters' });

const answers = { kind: 'inventory', resource: 'host' } as const;
const change = { async: true, access: 'admin', answers, resourceType: 'HostVO' } as const;
const action = { ...change, method: 'PUT', path: '/hosts/:uuid/actions' } as const;
const readingText = { method: 'GET', keys: [], async: false, access: 'admin' } as const;

const changeable = {
  uuid: reference,
  name: Type.Optional(shortText),
  description: Type.Optional(description),
  managementIp: Type.Optional(shortText),
};

/** Changes a host by what came. */
function update(call: ApiCall<Static<TObject<typeof changeable>>>): Promise<object> {
  const { uuid, ...wish } = call.params;
  return withTags(call, 'HostVO', async () => {
    await call.context.hosts.updateHost(uuid, { ...wish, systemTags: call.systemTags });
    return uuid;
  });
}

/** KVM hosts. */
export const hostsApis: readonly ApiDefinition[] = [
  defineApi({
    ...change,
    name: 'AddKVMHost',
    method: 'POST',
    path: '/hosts/kvm',
    keys: ['params'],
    summary: 'Adds a KVM host after a login to it; an empty password logs in with our own SSH key',
    params: Type.Object({
      username: shortText,
      password,
      sshPort: Type.Optional(tcpPort),
      name: shortText,
      description: Type.Optional(description),
      managementIp: shortText,
      clusterUuid: reference,
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run: (call) =>
      withTags(call, 'HostVO', () =>
        call.context.hosts.addHost({ ...call.params, systemTags: call.systemTags }),
      ),
  }),
  ...queryApis('QueryHost', '/hosts', 'host'),
  deleteApi('DeleteHost', '/hosts', 'HostVO', (context, uuid) => context.hosts.deleteHost(uuid)),
  defineApi({
    ...action,
    name: 'UpdateHost',
    keys: ['updateHost'],
    summary: 'Changes name, description, address or tags of a host; another address connects anew',
    params: Type.Object(changeable),
    run: update,
  }),
  defineApi({
    ...action,
    name: 'UpdateKVMHost',
    path: '/hosts/kvm/:uuid/actions',
    keys: ['updateKVMHost'],
    summary: 'Changes a host and how to log in to it; a changed login connects anew',
    params: Type.Object({
      ...changeable,
      username: Type.Optional(shortText),
      password: Type.Optional(password),
      sshPort: Type.Optional(tcpPort),
    }),
    run: update,
  }),
  defineApi({
    ...action,
    name: 'ChangeHostState',
    keys: ['changeHostState'],
    summary: 'Enables or disables a host for new VMs, or takes it into maintenance when no VM runs on it',
    params: Type.Object({
      uuid: reference,
      stateEvent: Type.Enum(['enable', 'disable', 'maintain']),
    }),
    async run({ context, params }) {
      await context.hosts.changeHostState(params.uuid, params.stateEvent);
      return inventoryAnswer(context, 'host', params.uuid);
    },
  }),
  defineApi({
    ...action,
    name: 'ReconnectHost',
    keys: ['reconnectHost'],
    summary: 'Connects to a host anew and looks at everything on it again',
    params: Type.Object({ uuid: reference }),
    async run({ context, params }) {
      await context.hosts.reconnectHost(params.uuid);
      return inventoryAnswer(context, 'host', params.uuid);
    },
  }),
  defineApi({
    ...readingText,
    name: 'GetKvmHostPublicKey',
    path: '/hosts/kvm/public-key',
    summary: "The public half of our own SSH key, one line for a host's authorized_keys",
    answers: { kind: 'members', schema: Type.Object({ publicKey: Type.String() }) },
    params: Type.Object({}),
    run: async ({ context }) => ({ publicKey: await context.hosts.publicKey() }),
  }),
  defineApi({
    ...readingText,
    name: 'GetHostAllocatorStrategies',
    path: '/hosts/allocators/strategies',
    summary: 'Names of the strategies by which a host for a VM is found',
    answers: {
      kind: 'members',
      schema: Type.Object({ hostAllocatorStrategies: Type.Array(Type.String()) }),
    },
    params: Type.Object({}),
    run: async () => ({ hostAllocatorStrategies: allocatorStrategies }),
  }),
  defineApi({
    ...readingText,
    name: 'GetHypervisorTypes',
    path: '/hosts/hypervisor-types',
    summary: 'Names of the hypervisors that are managed',
    answers: { kind: 'members', schema: Type.Object({ hypervisorTypes: Type.Array(Type.String()) }) },
    params: Type.Object({}),
    run: async () => ({ hypervisorTypes: ['KVM'] }),
  }),
];
