import { Type } from 'typebox';
import { description, list, newResourceUuid, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { deleteApi, inventoryAnswer, queryApis } from './resource.ts';

const path = '/baremetal/images';
const innerPath = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 1024,
    hint: 'must be a path inside the source such as images/pxeboot/vmlinuz',
  }),
);

function megabytes(done: number, total: number | undefined): string {
  const whole = (bytes: number): number => Math.floor(bytes / 1e6);
  return total === undefined ? `${whole(done)} MB` : `${whole(done)} of ${whole(total)} MB`;
}

/** Images that machines are installed from. ZStack has no such APIs; these follow its style. */
export const bootImageApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'AddBaremetalImage',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary:
      'Adds an install source: an ISO, which is downloaded where it is not on the server, a directory of the server, or a mirror',
    answers: { kind: 'inventory', resource: 'bootImage' },
    params: Type.Object({
      name: shortText,
      description: Type.Optional(description),
      url: Type.String({
        minLength: 1,
        // A signed one can hold a whole token.
        maxLength: 8192,
        signedUrl: true,
        hint: 'must be a URL such as file:///srv/disc.iso',
      }),
      kind: Type.Optional(Type.Enum(['iso', 'directory', 'redirect'])),
      checksum: Type.Optional(shortText),
      kernel: innerPath,
      initrd: innerPath,
      kernelArguments: Type.Optional(list),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    async run({ context, params, progress }) {
      const uuid = await context.service.addImage(params, (done, total, stage) => {
        const share = total === undefined || total === 0 ? undefined : done / total;
        // What is downloaded is read afterwards, which is quicker.
        const percent = share && share * (stage === 'downloading' ? 90 : 100);
        progress.report(`${stage} the image: ${megabytes(done, total)}`, percent);
      });
      return inventoryAnswer(context, 'bootImage', uuid);
    },
  }),
  ...queryApis('QueryBaremetalImage', path, 'bootImage'),
  deleteApi(
    'DeleteBaremetalImage',
    path,
    undefined,
    (context, uuid) => context.service.deleteImage(uuid),
    'Forgets an image, and the file where it was downloaded; one that an installation uses stays',
  ),
];
