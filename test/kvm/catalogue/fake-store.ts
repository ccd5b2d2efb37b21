import type { Image, InstanceOffering, StackTemplate } from '../../../src/kvm/model.ts';
import type { KvmStore } from '../../../src/kvm/ports.ts';

function table<Row extends { readonly uuid: string }>() {
  const rows = new Map<string, Row>();
  return {
    save: async (row: Row) => void rows.set(row.uuid, row),
    get: async (uuid: string) => rows.get(uuid),
    remove: async (uuid: string) => void rows.delete(uuid),
  };
}

/** The part of the store that holds the catalogue, in memory. */
export function fakeCatalogueStore(): KvmStore {
  const offerings = table<InstanceOffering>();
  const images = table<Image>();
  const templates = table<StackTemplate>();
  const store: Partial<KvmStore> = {
    saveInstanceOffering: offerings.save,
    getInstanceOffering: offerings.get,
    deleteInstanceOffering: offerings.remove,
    saveImage: images.save,
    getImage: images.get,
    deleteImage: images.remove,
    saveStackTemplate: templates.save,
    getStackTemplate: templates.get,
    deleteStackTemplate: templates.remove,
  };
  return store as KvmStore;
}
