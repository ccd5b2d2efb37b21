import { Type } from 'typebox';
import { description, list, newResourceUuid, reference, secret, shortText, whole } from '../../schemas.ts';
import type { ApiDefinition } from '../../zstack/definition.ts';
import { later } from './later.ts';

/** KVM hosts: known by their contract, not served yet. */
export const hostsApis: readonly ApiDefinition[] = [
  later({
    name: 'QueryHost',
    method: 'GET',
    path: '/hosts',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'QueryHost',
    method: 'GET',
    path: '/hosts/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'UpdateHost',
    method: 'PUT',
    path: '/hosts/:uuid/actions',
    keys: ['updateHost'],
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
      managementIp: Type.Optional(shortText),
    }),
  }),
  later({
    name: 'ChangeHostState',
    method: 'PUT',
    path: '/hosts/:uuid/actions',
    keys: ['changeHostState'],
    params: Type.Object({
      uuid: reference,
      stateEvent: Type.Enum(['enable', 'disable', 'maintain']),
    }),
  }),
  later({
    name: 'ReconnectHost',
    method: 'PUT',
    path: '/hosts/:uuid/actions',
    keys: ['reconnectHost'],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'GetHostAllocatorStrategies',
    method: 'GET',
    path: '/hosts/allocators/strategies',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'GetHypervisorTypes',
    method: 'GET',
    path: '/hosts/hypervisor-types',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'UpdateKVMHost',
    method: 'PUT',
    path: '/hosts/kvm/:uuid/actions',
    keys: ['updateKVMHost'],
    params: Type.Object({
      username: Type.Optional(shortText),
      password: Type.Optional(secret),
      sshPort: Type.Optional(whole),
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
      managementIp: Type.Optional(shortText),
    }),
  }),
  later({
    name: 'AddKVMHost',
    method: 'POST',
    path: '/hosts/kvm',
    keys: ['params'],
    params: Type.Object({
      username: shortText,
      password: secret,
      sshPort: Type.Optional(whole),
      name: shortText,
      description: Type.Optional(description),
      managementIp: shortText,
      clusterUuid: reference,
      resourceUuid: Type.Optional(newResourceUuid),
    }),
  }),
  later({
    name: 'KvmRunShell',
    method: 'PUT',
    path: '/hosts/kvm/actions',
    keys: ['kvmRunShell'],
    params: Type.Object({
      hostUuids: list,
      script: Type.Unknown(),
    }),
  }),
];
