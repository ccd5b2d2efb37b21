import type { InstallImage, ProvisionStore } from '../../provision/ports.ts';
import type { Session } from '../group-commit.ts';
import { createRowTable } from '../row-table.ts';
import type { SecretBox } from '../secret-box.ts';

type ImageStore = Pick<ProvisionStore, 'saveImage' | 'deleteImage' | 'getImage' | 'listImages'>;

type ImageRow = Omit<InstallImage, 'secretQuery'> & { readonly querySealed: Uint8Array | undefined };

/** Images that machines are installed from. */
export function createBootImageStore({ db, read, write }: Session, box: SecretBox): ImageStore {
  const images = createRowTable<ImageRow>(db, 'boot_image', {
    uuid: 'plain',
    name: 'plain',
    description: 'plain',
    kind: 'plain',
    url: 'plain',
    querySealed: 'plain',
    checksum: 'plain',
    size: 'plain',
    status: 'plain',
    statusCause: 'plain',
    kernel: 'plain',
    initrd: 'plain',
    kernelArguments: 'json',
    createDate: 'plain',
    lastOpDate: 'plain',
  });
  const all = images.list('ORDER BY create_date, uuid');

  const place = (uuid: string) => ({ table: 'boot_image', uuid, column: 'query' });
  const rowOf = ({ secretQuery, ...image }: InstallImage): ImageRow => ({
    ...image,
    querySealed: secretQuery === undefined ? undefined : box.seal(place(image.uuid), secretQuery),
  });
  const imageOf = ({ querySealed, ...image }: ImageRow): InstallImage => ({
    ...image,
    secretQuery: querySealed && box.open(place(image.uuid), querySealed),
  });
  return {
    saveImage: (image) => write(() => images.save(rowOf(image))),
    deleteImage: (uuid) => write(() => images.delete(uuid)),
    getImage: (uuid) =>
      read(() => {
        const row = images.get(uuid);
        return row && imageOf(row);
      }),
    listImages: () => read(() => all().map(imageOf)),
  };
}
