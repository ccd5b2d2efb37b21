import type { Uuid } from '../../src/base/uuid.ts';
import type {
  Host,
  Image,
  InstanceOffering,
  StackTemplate,
  UsbDevice,
  VmInstance,
} from '../../src/kvm/model.ts';
import type { KvmStore, TagReader } from '../../src/kvm/ports.ts';

type Cluster = NonNullable<Awaited<ReturnType<KvmStore['clusterOf']>>>;

/** A KvmStore in memory, for tests of the rooms that use one; `clusters` is for the test to fill. */
export interface MemoryKvmStore extends KvmStore {
  readonly clusters: Map<string, Cluster>;
}

function table<T extends { readonly uuid: Uuid }>() {
  const rows = new Map<string, T>();
  return {
    rows,
    save: async (row: T) => {
      // As a database would: later changes of the object are not seen.
      rows.set(row.uuid, structuredClone(row));
    },
    get: async (uuid: string) => rows.get(uuid),
    list: async (fits: (row: T) => boolean = () => true) => [...rows.values()].filter(fits),
    delete: async (uuid: string) => {
      rows.delete(uuid);
    },
    change: async (change: { readonly saved: readonly T[]; readonly gone: readonly Uuid[] }) => {
      for (const row of change.saved) rows.set(row.uuid, structuredClone(row));
      for (const uuid of change.gone) rows.delete(uuid);
    },
  };
}

/** An empty store. */
export function memoryKvmStore(): MemoryKvmStore {
  const clusters = new Map<string, Cluster>();
  const hosts = table<Host>();
  const vms = table<VmInstance>();
  const offerings = table<InstanceOffering>();
  const images = table<Image>();
  const templates = table<StackTemplate>();
  const usb = table<UsbDevice>();
  return {
    clusters,
    saveHost: hosts.save,
    async saveHostStatus(uuid, change) {
      const host = hosts.rows.get(uuid);
      if (host) hosts.rows.set(uuid, { ...host, ...structuredClone(change) });
    },
    getHost: hosts.get,
    listHosts: () => hosts.list(),
    async deleteHost(uuid) {
      hosts.rows.delete(uuid);
      for (const vm of vms.rows.values()) {
        if (vm.hostUuid === uuid || vm.lastHostUuid === uuid) vms.rows.delete(vm.uuid);
      }
      for (const device of usb.rows.values()) if (device.hostUuid === uuid) usb.rows.delete(device.uuid);
    },
    clusterOf: async (uuid) => clusters.get(uuid),
    saveVm: vms.save,
    getVm: vms.get,
    listVmsOf: (host) => vms.list((vm) => (vm.hostUuid ?? vm.lastHostUuid) === host),
    listVms: () => vms.list(),
    deleteVm: vms.delete,
    saveDomains: vms.change,
    saveInstanceOffering: offerings.save,
    getInstanceOffering: offerings.get,
    deleteInstanceOffering: offerings.delete,
    saveImage: images.save,
    getImage: images.get,
    listImages: () => images.list(),
    deleteImage: images.delete,
    saveStackTemplate: templates.save,
    deleteStackTemplate: templates.delete,
    getStackTemplate: templates.get,
    saveUsbDevices: usb.change,
    getUsbDevice: usb.get,
    listUsbDevicesOf: (host) => usb.list((device) => device.hostUuid === host),
  };
}

/** Tags in memory. */
export function memoryTags(): TagReader {
  const values = new Map<string, string>();
  return {
    valueOf: async (uuid, name) => values.get(`${uuid} ${name}`),
    async set(_type, uuid, name, value) {
      if (value === undefined) values.delete(`${uuid} ${name}`);
      else values.set(`${uuid} ${name}`, value);
    },
  };
}
