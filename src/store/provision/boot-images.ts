import type { InstallImage, ProvisionStore } from '../../provision/ports.ts';
import type { Session } from '../group-commit.ts';
import { createRowTable } from '../row-table.ts';

type ImageStore = Pick<ProvisionStore, 'saveImage' | 'deleteImage' | 'getImage' | 'listImages'>;

/** Images that machines are installed from. */
export function createBootImageStore({ db, read, write }: Session): ImageStore {
  const images = createRowTable<InstallImage>(db, 'boot_image', {
    uuid: 'plain',
    name: 'plain',
    description: 'plain',
    kind: 'plain',
    url: 'plain',
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
  return {
    saveImage: (image) => write(() => images.save(image)),
    deleteImage: (uuid) => write(() => images.delete(uuid)),
    getImage: (uuid) => read(() => images.get(uuid)),
    listImages: () => read(() => all()),
  };
}
