import { createHash } from 'node:crypto';
import type { ApiDeps } from '../../src/api/options.ts';
import { newUuid, type Uuid } from '../../src/base/uuid.ts';
import { IommuError } from '../../src/iommu/index.ts';
import type { PciDevice } from '../../src/iommu/model.ts';
import { KvmError } from '../../src/kvm/index.ts';
import type { Host, UsbDevice, VmInstance } from '../../src/kvm/model.ts';
import type { Store } from '../../src/store/index.ts';
import * as records from './fake-kvm-records.ts';
import { random } from './records.ts';

type Services = Pick<ApiDeps, 'hosts' | 'vms' | 'usb' | 'catalogue' | 'iommu' | 'look'>;

/** KVM hosts and devices that only keep records, in a real store; `fail` makes every later call reject. */
export interface FakeKvm {
  readonly services: Services;
  /** Name of each call with its arguments. */
  readonly calls: Array<readonly [string, ...unknown[]]>;
  fail: unknown;
  /** USB redirect by VM. */
  readonly redirects: Map<string, boolean>;
}

/** Builds the services over a store. */
export function fakeKvm({ kvm, iommu }: Pick<Store, 'kvm' | 'iommu'>): FakeKvm {
  const fake = { calls: [], fail: undefined, redirects: new Map<string, boolean>() } as Omit<
    FakeKvm,
    'services'
  >;
  const step = async (...call: readonly [string, ...unknown[]]): Promise<void> => {
    fake.calls.push(call);
    if (fake.fail !== undefined) throw fake.fail;
  };
  const wished = (uuid: string | undefined): Uuid => (uuid ?? newUuid(random)) as Uuid;
  const found = async <T>(what: string, uuid: string, read: (uuid: string) => Promise<T | undefined>) => {
    const one = await read(uuid);
    if (one === undefined) throw new KvmError('not-found', `no ${what} ${uuid}; look at the list`);
    return one;
  };
  const hostOf = (uuid: string) => found('host', uuid, (of) => kvm.getHost(of));
  const vmOf = (uuid: string) => found('VM', uuid, (of) => kvm.getVm(of));
  const imageOf = (uuid: string) => found('image', uuid, (of) => kvm.getImage(of));
  const offeringOf = (uuid: string) => found('instance offering', uuid, (of) => kvm.getInstanceOffering(of));
  const usbOf = (uuid: string) => found('USB device', uuid, (of) => kvm.getUsbDevice(of));
  const pciOf = async (uuid: string): Promise<PciDevice> => {
    const device = await iommu.getPciDevice(uuid);
    if (device === undefined) throw new IommuError('not-found', `no PCI device ${uuid}; look at the list`);
    return device;
  };
  const saveVm = async (uuid: string, change: Partial<VmInstance>): Promise<void> => {
    await kvm.saveVm({ ...(await vmOf(uuid)), ...change });
  };
  const saveUsb = async (uuid: string, change: Partial<UsbDevice>): Promise<void> => {
    await kvm.saveUsbDevices({ saved: [{ ...(await usbOf(uuid)), ...change }], gone: [] });
  };
  const savePci = async (uuid: string, change: Partial<PciDevice>): Promise<void> => {
    await iommu.savePci({ devices: [{ ...(await pciOf(uuid)), ...change }] });
  };
  const given = <T extends object>({
    systemTags: _tags,
    ...rest
  }: T & { systemTags?: readonly string[] }): Omit<T, 'systemTags'> => rest;

  const hosts: Services['hosts'] = {
    async addHost(input) {
      await step('addHost', input);
      const { resourceUuid, clusterUuid, ...rest } = given(input);
      await found('cluster', clusterUuid, (of) => kvm.clusterOf(of));
      const host = records.host(clusterUuid as Uuid, { uuid: wished(resourceUuid) });
      await kvm.saveHost({ ...host, ...rest });
      return host.uuid;
    },
    async updateHost(uuid, change) {
      await step('updateHost', uuid, change);
      const host = await hostOf(uuid);
      const { password = host.password, ...rest } = given(change);
      await kvm.saveHost({ ...host, ...(rest as Partial<Host>), password });
    },
    async changeHostState(uuid, event) {
      await step('changeHostState', uuid, event);
      const states = { enable: 'Enabled', disable: 'Disabled', maintain: 'Maintenance' } as const;
      await kvm.saveHost({ ...(await hostOf(uuid)), state: states[event] });
    },
    async reconnectHost(uuid) {
      await step('reconnectHost', uuid);
      await hostOf(uuid);
    },
    async deleteHost(uuid) {
      await step('deleteHost', uuid);
      await kvm.deleteHost(uuid);
    },
    async runShell(uuids, script) {
      await step('runShell', uuids, script);
      const answer = { returnCode: 0, stdout: 'out of the host', stderr: '', failure: undefined };
      return new Map(uuids.map((uuid) => [uuid as Uuid, answer]));
    },
    async publicKey() {
      await step('publicKey');
      return 'ssh-ed25519 AAAA rackwright';
    },
  };

  const vms: Services['vms'] = {
    async createVm(input, report) {
      await step('createVm', input);
      report('copying the image');
      const { resourceUuid, hostUuid, l3NetworkUuids: _l3, ...rest } = given(input);
      await offeringOf(rest.instanceOfferingUuid);
      await imageOf(rest.imageUuid);
      if (rest.clusterUuid !== undefined) await found('cluster', rest.clusterUuid, (of) => kvm.clusterOf(of));
      const [first] = await kvm.listHosts();
      const host = hostUuid === undefined ? first : await hostOf(hostUuid);
      if (host === undefined) throw new KvmError('refused', 'no host');
      const { zoneUuid } = await found('cluster', host.clusterUuid, (of) => kvm.clusterOf(of));
      if (rest.zoneUuid !== undefined && rest.zoneUuid !== zoneUuid)
        throw new KvmError('not-found', 'no host in this zone');
      const { instanceOfferingUuid, imageUuid, name, description } = rest;
      const uuids = {
        uuid: wished(resourceUuid),
        zoneUuid,
        instanceOfferingUuid: instanceOfferingUuid as Uuid,
        imageUuid: imageUuid as Uuid,
      };
      const allocatorStrategy = 'LastHostPreferredAllocatorStrategy';
      const vm = records.vm(host, { ...uuids, name, description, allocatorStrategy });
      await kvm.saveVm(vm);
      return vm.uuid;
    },
    async startVm(uuid, where) {
      await step('startVm', uuid, where);
      if (where?.hostUuid !== undefined) await hostOf(where.hostUuid);
      const vm = await vmOf(uuid);
      await saveVm(uuid, { state: 'Running', hostUuid: vm.hostUuid ?? vm.lastHostUuid });
    },
    async stopVm(uuid, how) {
      await step('stopVm', uuid, how);
      await saveVm(uuid, { state: 'Stopped', hostUuid: undefined });
    },
    async rebootVm(uuid) {
      await step('rebootVm', uuid);
      await vmOf(uuid);
    },
    async pauseVm(uuid) {
      await step('pauseVm', uuid);
      await saveVm(uuid, { state: 'Paused' });
    },
    async resumeVm(uuid) {
      await step('resumeVm', uuid);
      await saveVm(uuid, { state: 'Running' });
    },
    async destroyVm(uuid) {
      await step('destroyVm', uuid);
      await saveVm(uuid, { state: 'Destroyed', hostUuid: undefined });
    },
    async recoverVm(uuid) {
      await step('recoverVm', uuid);
      await saveVm(uuid, { state: 'Stopped' });
    },
    async expungeVm(uuid) {
      await step('expungeVm', uuid);
      await vmOf(uuid);
      await kvm.deleteVm(uuid);
    },
    async updateVm(uuid, change) {
      await step('updateVm', uuid, change);
      await saveVm(uuid, change);
    },
    async changeInstanceOffering(uuid, offeringUuid) {
      await step('changeInstanceOffering', uuid, offeringUuid);
      await offeringOf(offeringUuid);
      await saveVm(uuid, { instanceOfferingUuid: offeringUuid as Uuid });
    },
    async attachIso(uuid, isoUuid) {
      await step('attachIso', uuid, isoUuid);
      await saveVm(uuid, { isoUuid: (await imageOf(isoUuid)).uuid });
    },
    async detachIso(uuid) {
      await step('detachIso', uuid);
      await saveVm(uuid, { isoUuid: undefined });
    },
    async isoCandidates(uuid) {
      await step('isoCandidates', uuid);
      await vmOf(uuid);
      return (await kvm.listImages()).map((image) => image.uuid);
    },
    async vmCandidates(uuid) {
      await step('vmCandidates', uuid);
      await imageOf(uuid);
      return (await kvm.listVms()).map((vm) => vm.uuid);
    },
    async usbRedirect(uuid) {
      await step('usbRedirect', uuid);
      await vmOf(uuid);
      return { enable: fake.redirects.get(uuid) ?? false, pending: true };
    },
    async setUsbRedirect(uuid, enable) {
      await step('setUsbRedirect', uuid, enable);
      await vmOf(uuid);
      fake.redirects.set(uuid, enable);
    },
    exclusive: async (uuid, work) => work(await vmOf(uuid)),
  };

  const usb: Services['usb'] = {
    async attachUsbDevice(uuid, vmUuid) {
      await step('attachUsbDevice', uuid, vmUuid);
      await saveUsb(uuid, { vmInstanceUuid: (await vmOf(vmUuid)).uuid });
    },
    async detachUsbDevice(uuid) {
      await step('detachUsbDevice', uuid);
      await saveUsb(uuid, { vmInstanceUuid: undefined });
    },
    async updateUsbDevice(uuid, change) {
      await step('updateUsbDevice', uuid, change);
      await saveUsb(uuid, change);
    },
    async usbCandidates(vmUuid) {
      await step('usbCandidates', vmUuid);
      const { hostUuid } = await vmOf(vmUuid);
      return hostUuid === undefined ? [] : (await kvm.listUsbDevicesOf(hostUuid)).map(({ uuid }) => uuid);
    },
    async createRedirectTicket(vmUuid, owner) {
      await step('createRedirectTicket', vmUuid, owner);
      await vmOf(vmUuid);
      return { ticket: 'c'.repeat(64), expiresAt: 1_700_000_060_000, protocol: 'usbredir' };
    },
    openRedirect: async () => undefined,
    revokeTickets: (owner) => void fake.calls.push(['revokeTickets', owner]),
  };

  const catalogue: Services['catalogue'] = {
    async createInstanceOffering({ resourceUuid, ...input }) {
      await step('createInstanceOffering', input);
      const offering = records.instanceOffering({ uuid: wished(resourceUuid), ...input });
      await kvm.saveInstanceOffering(offering);
      return offering.uuid;
    },
    async updateInstanceOffering(uuid, change) {
      await step('updateInstanceOffering', uuid, change);
      await kvm.saveInstanceOffering({ ...(await offeringOf(uuid)), ...change });
    },
    async changeInstanceOfferingState(uuid, event) {
      await step('changeInstanceOfferingState', uuid, event);
      const state = event === 'enable' ? 'Enabled' : 'Disabled';
      await kvm.saveInstanceOffering({ ...(await offeringOf(uuid)), state });
    },
    async deleteInstanceOffering(uuid) {
      await step('deleteInstanceOffering', uuid);
      await kvm.deleteInstanceOffering(uuid);
    },
    async addImage({ resourceUuid, format: _format, ...input }) {
      await step('addImage', input);
      const image = records.image({ uuid: wished(resourceUuid), ...input });
      await kvm.saveImage(image);
      return image.uuid;
    },
    async updateImage(uuid, change) {
      await step('updateImage', uuid, change);
      await kvm.saveImage({ ...(await imageOf(uuid)), ...change });
    },
    async changeImageState(uuid, event) {
      await step('changeImageState', uuid, event);
      const state = event === 'enable' ? 'Enabled' : 'Disabled';
      await kvm.saveImage({ ...(await imageOf(uuid)), state });
    },
    async deleteImage(uuid) {
      await step('deleteImage', uuid);
      await kvm.deleteImage(uuid);
    },
    async addStackTemplate({ resourceUuid, templateContent: content, ...input }) {
      await step('addStackTemplate', input);
      const md5sum = createHash('md5').update(content).digest('hex');
      const template = records.stackTemplate({ uuid: wished(resourceUuid), ...input, content, md5sum });
      await kvm.saveStackTemplate(template);
      return template.uuid;
    },
    async deleteStackTemplate(uuid) {
      await step('deleteStackTemplate', uuid);
      await kvm.deleteStackTemplate(uuid);
    },
  };

  const services: Services = {
    hosts,
    vms,
    usb,
    catalogue,
    iommu: fakeIommu(iommu, { step, pciOf, savePci, vmOf, hostOf, wished }),
    async look(uuid) {
      await step('look', uuid);
      await hostOf(uuid);
    },
  };
  return Object.assign(fake, { services });
}

interface Tools {
  readonly step: (...call: readonly [string, ...unknown[]]) => Promise<void>;
  readonly pciOf: (uuid: string) => Promise<PciDevice>;
  readonly savePci: (uuid: string, change: Partial<PciDevice>) => Promise<void>;
  readonly vmOf: (uuid: string) => Promise<VmInstance>;
  readonly hostOf: (uuid: string) => Promise<Host>;
  readonly wished: (uuid: string | undefined) => Uuid;
}

function fakeIommu(
  store: Store['iommu'],
  { step, pciOf, savePci, vmOf, hostOf, wished }: Tools,
): Services['iommu'] {
  const iommuOf = async (uuid: string) => {
    await hostOf(uuid);
    const iommu = await store.getHostIommu(uuid);
    if (iommu === undefined) throw new IommuError('not-found', `no host ${uuid}; look at the list`);
    return iommu;
  };
  return {
    async planAttachment(uuid, vmUuid) {
      await step('planAttachment', uuid, vmUuid);
      const { pciDeviceAddress, name, facts } = await pciOf(uuid);
      await vmOf(vmUuid);
      const move = { pciDeviceUuid: uuid as Uuid, pciDeviceAddress };
      return {
        ...move,
        moves: [{ ...move, name, driver: facts?.driver }],
        driver: 'vfio-pci',
        refusals: [{ code: 'boot-disk', text: 'the host boots from it' }],
        warnings: [{ code: 'no-reset', text: 'it cannot be reset' }],
      };
    },
    async attachPciDevice(uuid, vmUuid, report) {
      await step('attachPciDevice', uuid, vmUuid);
      report('binding the device');
      await savePci(uuid, { status: 'Attached', vmInstanceUuid: (await vmOf(vmUuid)).uuid });
    },
    async detachPciDevice(uuid, vmUuid) {
      await step('detachPciDevice', uuid, vmUuid);
      await vmOf(vmUuid);
      await savePci(uuid, { status: 'Active', vmInstanceUuid: undefined });
    },
    async updatePciDevice(uuid, change) {
      await step('updatePciDevice', uuid, change);
      await savePci(uuid, change);
    },
    async deletePciDevice(uuid) {
      await step('deletePciDevice', uuid);
      await store.deletePciDevice(uuid);
    },
    async candidates(vmUuid, types) {
      await step('candidates', vmUuid, types);
      const { hostUuid } = await vmOf(vmUuid);
      return hostUuid === undefined ? [] : (await store.listPciDevicesOf(hostUuid)).map(({ uuid }) => uuid);
    },
    async generateVfs(uuid, count) {
      await step('generateVfs', uuid, count);
      await pciOf(uuid);
    },
    async removeVfs(uuid) {
      await step('removeVfs', uuid);
      await pciOf(uuid);
    },
    async createPciDeviceOffering({ resourceUuid, type: _type, ...input }) {
      await step('createPciDeviceOffering', input);
      const ids = { subvendorId: '10de', subdeviceId: '118b' };
      const offering = records.pciOffering({ uuid: wished(resourceUuid), ...ids, ...input });
      await store.savePciDeviceOffering(offering);
      return offering.uuid;
    },
    async deletePciDeviceOffering(uuid) {
      await step('deletePciDeviceOffering', uuid);
      await store.deletePciDeviceOffering(uuid);
    },
    async iommuState(uuid) {
      await step('iommuState', uuid);
      return (await iommuOf(uuid)).state;
    },
    async iommuStatus(uuid) {
      await step('iommuStatus', uuid);
      const { status, details, rebootPending } = await iommuOf(uuid);
      return { status, details, rebootPending };
    },
    async updateIommuState(uuid, state, options) {
      await step('updateIommuState', uuid, state, options);
      const dryRun = options?.dryRun === true;
      const old = await iommuOf(uuid);
      if (!dryRun) await store.saveHostIommu({ ...old, state, rebootPending: true });
      return { state, rebootPending: true, diff: '+intel_iommu=on', dryRun };
    },
  };
}
