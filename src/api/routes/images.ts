import { Type } from 'typebox';
import { ApiError } from '../errors.ts';
import {
  deleteMode,
  description,
  flag,
  list,
  newResourceUuid,
  platform,
  reference,
  shortText,
} from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { changeStateApi, deleteApi, queryApis, withTags } from './resource.ts';

const path = '/images';
const answers = { kind: 'inventory', resource: 'image' } as const;
const change = { async: true, access: 'admin', answers, resourceType: 'ImageVO' } as const;
const mediaType = Type.Enum(['RootVolumeTemplate', 'ISO', 'DataVolumeTemplate']);

/** Images. There are no backup storages: an image is a file that lies on the hosts, so their uuids are taken and not heeded. */
export const imagesApis: readonly ApiDefinition[] = [
  defineApi({
    ...change,
    name: 'AddImage',
    method: 'POST',
    path,
    keys: ['params'],
    summary: 'Records an image: a file that lies at the same path on the hosts that shall use it',
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      url: Type.String({ minLength: 1, maxLength: 2048, hint: 'must be a URL such as file:///srv/a.qcow2' }),
      mediaType: Type.Optional(mediaType),
      guestOsType: Type.Optional(shortText),
      system: Type.Optional(flag),
      format: shortText,
      platform: Type.Optional(platform),
      backupStorageUuids: Type.Optional(list),
      type: Type.Optional(shortText),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    run(call) {
      const { backupStorageUuids: _none, type: _zstack, ...input } = call.params;
      return withTags(call, 'ImageVO', () => call.context.catalogue.addImage(input));
    },
  }),
  ...queryApis('QueryImage', path, 'image', 'session'),
  {
    ...deleteApi('DeleteImage', path, 'ImageVO', (context, uuid) => context.catalogue.deleteImage(uuid)),
    params: Type.Object({
      uuid: reference,
      backupStorageUuids: Type.Optional(list),
      deleteMode: Type.Optional(deleteMode),
    }),
  },
  changeStateApi(
    'ChangeImageState',
    path,
    'ImageVO',
    'Enables an image for new VMs, or disables it',
    (context, uuid, event) => context.catalogue.changeImageState(uuid, event),
  ),
  defineApi({
    ...change,
    name: 'UpdateImage',
    method: 'PUT',
    path: `${path}/:uuid/actions`,
    keys: ['updateImage'],
    summary: 'Changes name, description, guest system, platform or tags of an image',
    params: Type.Object({
      uuid: reference,
      name: Type.Optional(shortText),
      description: Type.Optional(description),
      guestOsType: Type.Optional(shortText),
      platform: Type.Optional(platform),
      mediaType: Type.Optional(mediaType),
      format: Type.Optional(Type.Enum(['raw', 'qcow2', 'iso'])),
      system: Type.Optional(flag),
    }),
    run(call) {
      const { uuid, mediaType: media, format, system, ...wish } = call.params;
      const fixed = Object.entries({ mediaType: media, format, system }).find(
        ([, value]) => value !== undefined,
      );
      if (fixed !== undefined) {
        const [parameter] = fixed;
        const text = `parameter ${parameter} of an image does not change; delete the image and add it again`;
        throw new ApiError('bad-argument', text, { data: { parameter } });
      }
      return withTags(call, 'ImageVO', async () => {
        await call.context.catalogue.updateImage(uuid, wish);
        return uuid;
      });
    },
  }),
];
