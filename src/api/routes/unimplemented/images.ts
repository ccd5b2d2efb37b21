import { Type } from 'typebox';
import { deleteMode, description, flag, list, newResourceUuid, reference, shortText } from '../../schemas.ts';
import type { ApiDefinition } from '../../zstack/definition.ts';
import { later } from './later.ts';

/** Images: known by their contract, not served yet. */
export const imagesApis: readonly ApiDefinition[] = [
  later({
    name: 'AddImage',
    method: 'POST',
    path: '/images',
    keys: ['params'],
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      url: Type.Unknown(),
      mediaType: Type.Optional(Type.Enum(['RootVolumeTemplate', 'ISO', 'DataVolumeTemplate'])),
      guestOsType: Type.Optional(shortText),
      system: Type.Optional(flag),
      format: shortText,
      platform: Type.Optional(
        Type.Enum(['Linux', 'Windows', 'WindowsVirtio', 'Other', 'Paravirtualization']),
      ),
      backupStorageUuids: list,
      type: Type.Optional(shortText),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
  }),
  later({
    name: 'DeleteImage',
    method: 'DELETE',
    path: '/images/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
      backupStorageUuids: Type.Optional(list),
      deleteMode: Type.Optional(deleteMode),
    }),
  }),
  later({
    name: 'ExpungeImage',
    method: 'PUT',
    path: '/images/:uuid/actions',
    keys: ['expungeImage'],
    params: Type.Object({
      uuid: reference,
      backupStorageUuids: Type.Optional(list),
    }),
  }),
  later({
    name: 'QueryImage',
    method: 'GET',
    path: '/images',
    keys: [],
    params: Type.Object({}),
  }),
  later({
    name: 'QueryImage',
    method: 'GET',
    path: '/images/:uuid',
    keys: [],
    params: Type.Object({
      uuid: reference,
    }),
  }),
  later({
    name: 'RecoverImage',
    method: 'PUT',
    path: '/images/:uuid/actions',
    keys: ['recoverImage'],
    params: Type.Object({
      uuid: reference,
      backupStorageUuids: Type.Optional(list),
    }),
  }),
  later({
    name: 'ChangeImageState',
    method: 'PUT',
    path: '/images/:uuid/actions',
    keys: ['changeImageState'],
    params: Type.Object({
      uuid: reference,
      stateEvent: Type.Enum(['enable', 'disable']),
    }),
  }),
  later({
    name: 'UpdateImage',
    method: 'PUT',
    path: '/images/:uuid/actions',
    keys: ['updateImage'],
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
      guestOsType: Type.Optional(shortText),
      mediaType: Type.Optional(Type.Enum(['RootVolumeTemplate', 'DataVolumeTemplate', 'ISO'])),
      format: Type.Optional(Type.Enum(['raw', 'qcow2', 'iso'])),
      system: Type.Optional(flag),
      platform: Type.Optional(
        Type.Enum(['Linux', 'Windows', 'WindowsVirtio', 'Other', 'Paravirtualization']),
      ),
    }),
  }),
];
