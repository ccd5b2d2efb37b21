import { Type } from 'typebox';
import { list, reference } from '../../schemas.ts';
import type { ApiDefinition } from '../../zstack/definition.ts';
import { later } from './later.ts';

/** Images after their deletion: known by their contract, not served yet. */
export const imagesApis: readonly ApiDefinition[] = [
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
    name: 'RecoverImage',
    method: 'PUT',
    path: '/images/:uuid/actions',
    keys: ['recoverImage'],
    params: Type.Object({
      uuid: reference,
      backupStorageUuids: Type.Optional(list),
    }),
  }),
];
