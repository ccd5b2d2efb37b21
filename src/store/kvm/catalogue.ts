import type { Image, InstanceOffering, StackTemplate } from '../../kvm/model.ts';
import type { KvmStore } from '../../kvm/ports.ts';
import type { Session } from '../group-commit.ts';
import { createRowTable } from '../row-table.ts';

type CatalogueStore = Pick<
  KvmStore,
  | 'saveInstanceOffering'
  | 'getInstanceOffering'
  | 'deleteInstanceOffering'
  | 'saveImage'
  | 'getImage'
  | 'listImages'
  | 'deleteImage'
  | 'saveStackTemplate'
  | 'getStackTemplate'
  | 'deleteStackTemplate'
>;

/** Instance offerings, images and stack templates. */
export function createCatalogueStore({ db, read, write }: Session): CatalogueStore {
  const offerings = createRowTable<InstanceOffering>(db, 'instance_offering', {
    uuid: 'plain',
    name: 'plain',
    description: 'plain',
    cpuNum: 'plain',
    cpuSpeed: 'plain',
    memorySize: 'plain',
    type: 'plain',
    allocatorStrategy: 'plain',
    sortKey: 'plain',
    state: 'plain',
    createDate: 'plain',
    lastOpDate: 'plain',
  });
  const images = createRowTable<Image>(db, 'image', {
    uuid: 'plain',
    name: 'plain',
    description: 'plain',
    url: 'plain',
    mediaType: 'plain',
    format: 'plain',
    platform: 'plain',
    guestOsType: 'plain',
    type: 'plain',
    system: 'flag',
    state: 'plain',
    status: 'plain',
    size: 'plain',
    actualSize: 'plain',
    md5Sum: 'plain',
    createDate: 'plain',
    lastOpDate: 'plain',
  });
  const templates = createRowTable<StackTemplate>(db, 'stack_template', {
    uuid: 'plain',
    name: 'plain',
    description: 'plain',
    type: 'plain',
    version: 'plain',
    state: 'flag',
    content: 'plain',
    md5sum: 'plain',
    createDate: 'plain',
    lastOpDate: 'plain',
  });
  const allImages = images.list('ORDER BY create_date, uuid');
  return {
    saveInstanceOffering: (offering) => write(() => offerings.save(offering)),
    getInstanceOffering: (uuid) => read(() => offerings.get(uuid)),
    deleteInstanceOffering: (uuid) => write(() => offerings.delete(uuid)),
    saveImage: (image) => write(() => images.save(image)),
    listImages: () => read(() => allImages()),
    getImage: (uuid) => read(() => images.get(uuid)),
    deleteImage: (uuid) => write(() => images.delete(uuid)),
    saveStackTemplate: (template) => write(() => templates.save(template)),
    getStackTemplate: (uuid) => read(() => templates.get(uuid)),
    deleteStackTemplate: (uuid) => write(() => templates.delete(uuid)),
  };
}
