import { Type } from 'typebox';
import {
  deleteMode,
  description,
  list,
  newResourceUuid,
  reference,
  secret,
  shortText,
  whole,
} from '../../schemas.ts';
import type { ApiDefinition } from '../../zstack/definition.ts';
import { later } from './later.ts';

/** VMs from volumes, and console passwords: known by their contract, not served yet. */
export const vmsApis: readonly ApiDefinition[] = [
  later({
    name: 'SetVmConsolePassword',
    method: 'PUT',
    path: '/vm-instances/:uuid/actions',
    keys: ['setVmConsolePassword'],
    params: Type.Object({
      uuid: reference,
      consolePassword: secret,
    }),
  }),
  later({
    name: 'GetVmConsolePassword',
    method: 'GET',
    path: '/vm-instances/:uuid/console-passwords',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'DeleteVmConsolePassword',
    method: 'DELETE',
    path: '/vm-instances/:uuid/console-password',
    keys: [],
    params: Type.Object({
      uuid: reference,
      deleteMode: Type.Optional(deleteMode),
    }),
  }),
  later({
    name: 'CreateVmInstanceFromVolume',
    method: 'POST',
    path: '/vm-instances/from/volume',
    keys: ['params'],
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      instanceOfferingUuid: Type.Optional(reference),
      cpuNum: Type.Optional(whole),
      memorySize: Type.Optional(whole),
      l3NetworkUuids: Type.Optional(list),
      vmNicParams: Type.Optional(shortText),
      type: Type.Optional(Type.Enum(['UserVm', 'ApplianceVm'])),
      volumeUuid: reference,
      platform: Type.Optional(Type.Enum(['Linux', 'Windows', 'Other'])),
      zoneUuid: Type.Optional(reference),
      clusterUuid: Type.Optional(reference),
      hostUuid: Type.Optional(reference),
      primaryStorageUuid: Type.Optional(reference),
      defaultL3NetworkUuid: Type.Optional(reference),
      strategy: Type.Optional(Type.Enum(['InstantStart', 'CreateStopped'])),
      resourceUuid: Type.Optional(newResourceUuid),
      tagUuids: Type.Optional(list),
      reservedMemorySize: Type.Optional(whole),
    }),
  }),
  later({
    name: 'CreateVmInstanceFromVolumeSnapshot',
    method: 'POST',
    path: '/vm-instances/from/volume-snapshots/:volumeSnapshotUuid',
    keys: ['params'],
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      instanceOfferingUuid: Type.Optional(reference),
      cpuNum: Type.Optional(whole),
      memorySize: Type.Optional(whole),
      l3NetworkUuids: list,
      type: Type.Optional(Type.Enum(['UserVm', 'ApplianceVm'])),
      vmNicParams: Type.Optional(shortText),
      volumeSnapshotUuid: reference,
      platform: Type.Optional(
        Type.Enum(['Linux', 'Windows', 'Other', 'Paravirtualization', 'WindowsVirtio']),
      ),
      zoneUuid: Type.Optional(reference),
      clusterUuid: Type.Optional(reference),
      hostUuid: Type.Optional(reference),
      primaryStorageUuid: Type.Optional(reference),
      defaultL3NetworkUuid: Type.Optional(reference),
      strategy: Type.Optional(Type.Enum(['InstantStart', 'CreateStopped'])),
      resourceUuid: Type.Optional(newResourceUuid),
      tagUuids: Type.Optional(list),
      rootVolumeSystemTags: Type.Optional(list),
      reservedMemorySize: Type.Optional(whole),
    }),
  }),
];
