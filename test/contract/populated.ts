import type { Uuid } from '../../src/base/uuid.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import { type ApiWorld, callApi, openApi } from '../support/api-world.ts';
import {
  host,
  image,
  instanceOffering,
  pciDevice,
  pciOffering,
  savePlace,
  stackTemplate,
  usbDevice,
  vm,
} from '../support/fake-kvm-records.ts';
import { chassis } from '../support/records.ts';

/** A server with one resource of every kind, and their uuids. */
export interface PopulatedWorld extends ApiWorld {
  readonly uuids: {
    readonly zone: string;
    readonly cluster: string;
    readonly account: string;
    readonly user: string;
    readonly systemTag: string;
    readonly userTag: string;
    readonly notification: string;
    readonly node: string;
    readonly job: string;
    readonly chassis: string;
    /** One without hostcfg. */
    readonly bareChassis: string;
    readonly pxeServer: string;
    readonly hostCfg: string;
    readonly hardwareInfo: string;
    readonly kvmCluster: string;
    readonly host: string;
    readonly vm: string;
    readonly pciDevice: string;
    readonly pciOffering: string;
    readonly usbDevice: string;
    readonly instanceOffering: string;
    readonly image: string;
    readonly stackTemplate: string;
  };
}

/** A KVM host with one of everything on it, in a cluster. */
async function plantKvm({ store }: ApiWorld) {
  const { kvm, iommu } = store;
  // A place of its own: the others are deleted by samples, and a host would keep them.
  const { zoneUuid, clusterUuid } = await savePlace(store);
  const machine = host(clusterUuid);
  const [offering, disk, template, kind] = [instanceOffering(), image(), stackTemplate(), pciOffering()];
  const guest = vm(machine, {
    zoneUuid,
    instanceOfferingUuid: offering.uuid,
    imageUuid: disk.uuid,
    allocatorStrategy: 'LastHostPreferredAllocatorStrategy',
  });
  const [card, stick] = [pciDevice(machine.uuid, { status: 'Inactive' }), usbDevice(machine.uuid)];
  await kvm.saveHost(machine);
  await kvm.saveInstanceOffering(offering);
  await kvm.saveImage(disk);
  await kvm.saveStackTemplate(template);
  await kvm.saveVm(guest);
  await kvm.saveUsbDevices({ saved: [stick], gone: [] });
  await iommu.savePciDeviceOffering(kind);
  await iommu.savePci({ devices: [card] });
  await iommu.saveHostIommu({
    hostUuid: machine.uuid,
    state: 'Enabled',
    status: 'Active',
    details: '',
    rebootPending: false,
    change: undefined,
  });
  return {
    kvmCluster: clusterUuid,
    host: machine.uuid,
    vm: guest.uuid,
    pciDevice: card.uuid,
    pciOffering: kind.uuid,
    usbDevice: stick.uuid,
    instanceOffering: offering.uuid,
    image: disk.uuid,
    stackTemplate: template.uuid,
  };
}

export const accountPassword = 'an-account-of-the-test';
export const userPassword = 'a-user-of-the-test';

/** Opens a server and makes one resource of every kind through its own API. */
export async function openPopulated(): Promise<PopulatedWorld> {
  const world = await openApi();
  await seedRows(world);
  const bareChassis = 'b'.repeat(32) as Uuid;
  await world.store.provision.saveChassis(chassis({ uuid: bareChassis, ipmiAddress: '192.0.2.99' }));
  const create = async (path: string, params: object): Promise<string> => {
    const answer = await callApi(world, 'POST', path, { params });
    const { inventory } = answer.json<{ inventory?: { uuid: string } }>();
    if (inventory === undefined) throw new Error(`${path}: ${answer.body}`);
    return inventory.uuid;
  };
  const zone = await create('/zones', { name: 'zone', description: 'of the test' });
  const cluster = await create('/clusters', {
    zoneUuid: zone,
    name: 'cluster',
    description: 'of the test',
    hypervisorType: 'KVM',
  });
  const account = await create('/accounts', { name: 'tenant', password: accountPassword });
  const user = await create('/accounts/users', { name: 'somebody', password: userPassword });
  const onChassis = { resourceType: 'BaremetalChassisVO', resourceUuid: existing.chassis };
  const systemTag = await create('/system-tags', { ...onChassis, tag: 'bootMode::legacy' });
  const userTag = await create('/user-tags', { ...onChassis, tag: 'row 1' });
  world.platform.notifications.notify({
    name: 'boot-failed',
    content: 'nothing booted',
    type: 'Error',
    sender: 'test',
    resourceType: 'BaremetalChassisVO',
    resourceUuid: existing.chassis,
  });
  const first = async (path: string): Promise<string> => {
    for (let tries = 0; tries < 200; tries += 1) {
      const { inventories } = (await callApi(world, 'GET', path)).json<{ inventories: { uuid: string }[] }>();
      if (inventories[0] !== undefined) return inventories[0].uuid;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`${path} stays empty`);
  };
  const job = '0123456789abcdef0123456789abcdef';
  await world.api.inject({
    method: 'PUT',
    url: `/v1/baremetal/chassis/${existing.chassis}/actions`,
    headers: { authorization: world.authorization, 'x-job-uuid': job },
    payload: { powerOnBaremetalHost: {} },
  });
  return {
    ...world,
    uuids: {
      ...(await plantKvm(world)),
      zone,
      cluster,
      account,
      user,
      systemTag,
      userTag,
      notification: await first('/notifications'),
      node: await first('/management-nodes'),
      job,
      chassis: existing.chassis,
      bareChassis,
      pxeServer: existing.pxeserver,
      hostCfg: existing.hostcfg,
      hardwareInfo: existing.hardwareinfo,
    },
  };
}
