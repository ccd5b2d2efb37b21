import { afterEach, beforeEach, expect, it } from 'vitest';
import { IommuError } from '../../src/iommu/index.ts';
import { KvmError } from '../../src/kvm/index.ts';
import { newAccount } from '../support/api-identities.ts';
import { type ApiWorld, callApi, openApi } from '../support/api-world.ts';
import {
  host,
  hostCanary,
  image,
  instanceOffering,
  pciDevice,
  savePlace,
  usbDevice,
  vm,
} from '../support/fake-kvm-records.ts';
import { uuid } from '../support/records.ts';

type Answer = Awaited<ReturnType<typeof callApi>>;

let world: ApiWorld;
let machine: ReturnType<typeof host>;
let guest: ReturnType<typeof vm>;
let card: ReturnType<typeof pciDevice>;
let stick: ReturnType<typeof usbDevice>;
let clusterUuid: string;

beforeEach(async () => {
  world = await openApi();
  const place = await savePlace(world.store);
  ({ clusterUuid } = place);
  machine = host(place.clusterUuid);
  guest = vm(machine);
  card = pciDevice(machine.uuid);
  stick = usbDevice(machine.uuid);
  await world.store.kvm.saveHost(machine);
  await world.store.kvm.saveVm(guest);
  await world.store.kvm.saveUsbDevices({ saved: [stick], gone: [] });
  await world.store.iommu.savePci({ devices: [card] });
});
afterEach(() => world.close());

const call = (
  ...rest: Parameters<typeof callApi> extends [unknown, ...infer Rest] ? Rest : never
): Promise<Answer> => callApi(world, ...rest);
const inventoryOf = (answer: Answer) => answer.json<{ inventory: Record<string, unknown> }>().inventory;
const codeOf = (answer: Answer) => answer.json<{ error: { code: string; details: string } }>().error;
const told = (name: string) => world.kvm.calls.filter(([one]) => one === name).map(([, ...rest]) => rest);
const audits = async (api: string) =>
  (await call('GET', `/audits?q=api=${api}`)).json<{ inventories: Record<string, unknown>[] }>().inventories;

it('answers what a script printed on each host, and audits the script but not the answer', async () => {
  const other = host(machine.clusterUuid);
  await world.store.kvm.saveHost(other);
  const script = `echo hello\n${'# a comment\n'.repeat(100)}`;
  const kvmRunShell = { hostUuids: [machine.uuid, other.uuid, machine.uuid], script };
  const answer = await call('PUT', '/hosts/kvm/actions', { kvmRunShell });
  const one = { returnCode: 0, stdout: 'out of the host', stderr: '', errorCode: {} };
  expect(answer.json()).toEqual({ inventory: { [machine.uuid]: one, [other.uuid]: one } });
  expect(told('runShell')).toEqual([[[machine.uuid, other.uuid], script.trim()]]);
  const [entry] = await audits('KvmRunShell');
  expect(entry).toMatchObject({ outcome: 'Succeeded', resourceType: 'HostVO' });
  expect(String(entry?.['request'])).toContain(JSON.stringify(script.slice(0, 1000)).slice(1, -1));
  expect(JSON.stringify(entry) + world.log.lines.join('')).not.toContain('out of the host');
});

it('tells of a host on which the script could not be run', async () => {
  world.kvm.services.hosts.runShell = async () =>
    new Map([
      [
        machine.uuid,
        {
          returnCode: -1,
          stdout: '',
          stderr: '',
          failure: { code: 'host-disconnected', text: 'reconnect it' },
        },
      ],
    ]);
  const kvmRunShell = { hostUuids: [machine.uuid], script: 'true' };
  const inventory = inventoryOf(await call('PUT', '/hosts/kvm/actions', { kvmRunShell }));
  expect(inventory[machine.uuid]).toMatchObject({
    returnCode: -1,
    errorCode: { code: 'SYS.1006', details: 'reconnect it' },
  });
});

it('lets the password of a host out nowhere', async () => {
  const params = {
    username: 'root',
    password: hostCanary,
    name: 'new',
    managementIp: '192.0.2.77',
    clusterUuid,
  };
  const answers = [
    await call('POST', '/hosts/kvm', { params }),
    await call('PUT', `/hosts/kvm/${machine.uuid}/actions`, { updateKVMHost: { password: hostCanary } }),
    await call('GET', '/hosts'),
    await call('GET', '/hosts?fields=password'),
    await call('GET', `/hosts?q=password=${hostCanary}`),
    await call('GET', `/hosts/${machine.uuid}`),
    await call('GET', '/audits'),
  ];
  expect(told('addHost')).toMatchObject([[{ password: hostCanary }]]);
  expect(told('updateHost')).toMatchObject([[machine.uuid, { password: hostCanary }]]);
  world.kvm.fail = new KvmError('host-login-failed', `login with ${hostCanary} refused`);
  answers.push(await call('POST', '/hosts/kvm', { params: { ...params, managementIp: '192.0.2.78' } }));
  world.kvm.fail = undefined;
  answers.push(await call('GET', '/audits'));
  for (const { body, statusCode } of answers) {
    expect([200, 503]).toContain(statusCode);
    expect(body.replace(/password=[^"]*/, '')).not.toContain(hostCanary);
  }
  expect(world.log.lines.join('')).not.toContain(hostCanary);
  expect(world.store.writtenText()).not.toContain(hostCanary);
});

it('passes an empty password and the tags that steer a host, and keeps only lasting ones', async () => {
  const hostKey = `sshHostKey::SHA256:${'A'.repeat(43)}`;
  const systemTags = ['hostConnection::local', hostKey, 'reservedMemory::1G'];
  const params = { username: 'root', password: '', name: 'here', managementIp: '127.0.0.1', clusterUuid };
  const added = inventoryOf(await call('POST', '/hosts/kvm', { params, systemTags }));
  expect(told('addHost')).toMatchObject([[{ password: '', systemTags }]]);
  expect(added).toMatchObject({ name: 'here', availableMemoryCapacity: 15 * 1024 ** 3 });
  const tags = (await call('GET', '/system-tags')).json<{ inventories: { tag: string }[] }>().inventories;
  expect(tags.map(({ tag }) => tag)).toEqual(['reservedMemory::1G']);
  expect(
    codeOf(await call('POST', '/hosts/kvm', { params, systemTags: ['hostConnection::magic'] })).code,
  ).toBe('SYS.1007');
});

it('serves the IOMMU getters under every path that anybody printed', async () => {
  const status = { status: 'Inactive', details: '', rebootPending: false };
  for (const path of [
    `${machine.uuid}/status`,
    `status/${machine.uuid}`,
    `status?uuid=${machine.uuid}`,
    `status/uuid}?uuid=${machine.uuid}`,
  ]) {
    const answer = await call('GET', `/pci-device/hosts/${path}`);
    expect([path, answer.statusCode, answer.json()]).toEqual([path, 200, status]);
  }
  for (const path of [`${machine.uuid}/state`, `state/${machine.uuid}`]) {
    expect((await call('GET', `/pci-device/hosts/${path}`)).json()).toEqual({ state: 'Disabled' });
  }
  for (const path of ['status', 'status/uuid}', 'status/uuid}?uuid=']) {
    const error = codeOf(await call('GET', `/pci-device/hosts/${path}`));
    expect([path, error.code, error.details]).toEqual([
      path,
      'SYS.1007',
      expect.stringContaining('uuid is mandatory'),
    ]);
  }
  expect(codeOf(await call('GET', `/pci-device/hosts/${uuid()}/status`)).code).toBe('SYS.1003');
});

it('shows the change of a boot loader before it is made', async () => {
  const act = (updateHostIommuState: object) =>
    call('PUT', `/pci-device/hosts/${machine.uuid}/actions`, { updateHostIommuState });
  const change = { state: 'Enabled', rebootPending: true, diff: '+intel_iommu=on' };
  expect((await act({ state: 'Enabled', dryRun: true })).json()).toEqual({ ...change, dryRun: true });
  expect((await act({ state: 'Enabled' })).json()).toEqual({ ...change, dryRun: false });
  expect(told('updateIommuState').map(([, , options]) => options)).toEqual([
    { dryRun: true },
    { dryRun: false },
  ]);
  expect(
    (await call('PUT', `/pci-device/hosts/${machine.uuid}/actions`, { rescanPciDevices: {} })).json(),
  ).toEqual({});
  expect(told('look')).toEqual([[machine.uuid]]);
});

it('gives a PCI device, answers it, and tells a plan and a refusal in the texts of the domain', async () => {
  const path = `/pci-device/pci-devices/${card.uuid}`;
  const plan = await call('GET', `${path}/attachment-plan?vmInstanceUuid=${guest.uuid}`);
  expect(inventoryOf(plan)).toMatchObject({
    moves: [{ pciDeviceAddress: '0000:06:00.0', driver: 'nouveau' }],
    refusals: [{ code: 'boot-disk', text: 'the host boots from it' }],
  });
  const params = { vmInstanceUuid: guest.uuid };
  expect(inventoryOf(await call('POST', `${path}/attach`, { params }))).toMatchObject({
    uuid: card.uuid,
    status: 'Attached',
    vmInstanceUuid: guest.uuid,
    iommuGroup: 14,
  });
  world.kvm.fail = new IommuError('refused', 'the host boots from it; choose another device');
  expect(codeOf(await call('POST', `${path}/detach`, { params }))).toMatchObject({
    code: 'SYS.1006',
    details: 'the host boots from it; choose another device',
  });
  world.kvm.fail = undefined;
  expect(await audits('DetachPciDeviceFromVm')).toMatchObject([
    { outcome: 'Failed', resourceType: 'PciDeviceVO', resourceUuid: card.uuid },
  ]);
  expect(inventoryOf(await call('POST', `${path}/detach`, { params }))).not.toHaveProperty('vmInstanceUuid');
  const wish = { updatePciDevice: { state: 'Disabled', metaData: '{"metaData":"a","metaDataEntries":[]}' } };
  expect(inventoryOf(await call('PUT', `${path}/actions`, wish))).toMatchObject({
    state: 'Disabled',
    metaData: { metaData: 'a', metaDataEntries: [] },
  });
  await call('PUT', `${path}/actions`, { generateSriovPciDevices: { virtPartNum: 4 } });
  await call('PUT', `${path}/actions`, { ungenerateSriovPciDevices: {} });
  expect([told('generateVfs'), told('removeVfs')]).toEqual([[[card.uuid, 4]], [[card.uuid]]]);
});

it('lists what a VM could get', async () => {
  const of = async (path: string) =>
    (await call('GET', `/vm-instances/${guest.uuid}/${path}`)).json<{ inventories: { uuid: string }[] }>()
      .inventories;
  const types = 'types=GPU_Video_Controller&types=Generic';
  expect(await of(`candidate-pci-devices?${types}`)).toMatchObject([{ uuid: card.uuid }]);
  expect(told('candidates')).toEqual([[guest.uuid, ['GPU_Video_Controller', 'Generic']]]);
  expect(await of('candidate-usb-devices')).toMatchObject([{ uuid: stick.uuid, idVendor: '0951' }]);
  expect(
    codeOf(await call('GET', `/vm-instances/${guest.uuid}/candidate-pci-devices?types=Toaster`)).code,
  ).toBe('SYS.1007');
});

it('gives and takes USB devices', async () => {
  const path = `/usb-device/usb-devices/${stick.uuid}`;
  const given = await call('POST', `${path}/attach`, { params: { vmInstanceUuid: guest.uuid } });
  expect(inventoryOf(given)).toMatchObject({ uuid: stick.uuid, vmInstanceUuid: guest.uuid });
  expect(inventoryOf(await call('POST', `${path}/detach`, { params: {} }))).not.toHaveProperty(
    'vmInstanceUuid',
  );
  expect(
    inventoryOf(await call('PUT', `${path}/actions`, { updateUsbDevice: { state: 'Disabled' } })),
  ).toMatchObject({
    state: 'Disabled',
  });
});

it('hands out a ticket for USB redirect as the address of a WebSocket, and keeps it from job, log and audit', async () => {
  const ticket = 'c'.repeat(64);
  const send = (url: string, host?: string) =>
    world.api.inject({
      method: 'POST',
      url,
      headers: { authorization: world.authorization, ...(host === undefined ? {} : { host }) },
      payload: { params: {} },
    });
  const answer = await send(`/v1/vm-instances/${guest.uuid}/usbredirect/tickets`, 'rack.example:8080');
  expect([answer.statusCode, answer.json()]).toEqual([
    200,
    {
      url: `ws://rack.example:8080/v1/usb-redirect/${ticket}`,
      expiresAt: '2023-11-14T22:14:20.000Z',
      protocol: 'usbredir',
    },
  ]);
  const [[, owner] = []] = told('createRedirectTicket');
  expect(owner).toBe('36c27e8ff05c4780bf6d2fa65700f22e');
  expect(await audits('CreateVmUsbRedirectTicket')).toMatchObject([
    { resourceType: 'VmInstanceVO', resourceUuid: guest.uuid },
  ]);
  expect(world.store.writtenText() + world.log.lines.join('')).not.toContain(ticket);
  expect((await send(`/v1/vm-instances/${uuid()}/usbredirect/tickets`)).json()).toMatchObject({
    error: { code: 'SYS.1003' },
  });
});

it('puts the ticket under the public URL', async () => {
  const other = await openApi({ publicUrl: 'https://rack.example/zstack' });
  const place = await savePlace(other.store);
  const there = host(place.clusterUuid);
  await other.store.kvm.saveHost(there);
  const one = vm(there);
  await other.store.kvm.saveVm(one);
  const answer = await callApi(other, 'POST', `/vm-instances/${one.uuid}/usbredirect/tickets`, {
    params: {},
  });
  await other.close();
  expect(answer.json<{ url: string }>().url).toBe(
    `wss://rack.example/zstack/v1/usb-redirect/${'c'.repeat(64)}`,
  );
});

it('destroys a VM, and expunges it at once where that is asked for', async () => {
  const remove = (of: string, query = '') => call('DELETE', `/vm-instances/${of}${query}`);
  expect((await remove(uuid(), '?deleteMode=Enforcing')).json()).toEqual({});
  expect(told('destroyVm')).toEqual([]);
  expect((await remove(guest.uuid)).json()).toEqual({});
  expect(await world.store.kvm.getVm(guest.uuid)).toMatchObject({ state: 'Destroyed' });
  expect((await remove(guest.uuid, '?deleteMode=Enforcing')).json()).toEqual({});
  expect([told('destroyVm').length, told('expungeVm').length]).toEqual([1, 1]);
  expect(await world.store.kvm.getVm(guest.uuid)).toBeUndefined();
});

it('refuses to make another VM than was asked for', async () => {
  const [offering, disk] = [instanceOffering(), image()];
  await world.store.kvm.saveInstanceOffering(offering);
  await world.store.kvm.saveImage(disk);
  const params = {
    name: 'vm',
    instanceOfferingUuid: offering.uuid,
    imageUuid: disk.uuid,
    l3NetworkUuids: ['br0'],
    dataDiskSizes: [],
  };
  const create = (more: object, systemTags: readonly string[] = []) =>
    call('POST', '/vm-instances', { params: { ...params, ...more }, systemTags });
  for (const more of [
    { dataDiskOfferingUuids: [uuid()] },
    { rootDiskOfferingUuid: uuid() },
    { cpuNum: 4 },
    { type: 'ApplianceVm' },
    { defaultL3NetworkUuid: 'br1' },
  ]) {
    const [name = ''] = Object.keys(more);
    expect(codeOf(await create(more))).toMatchObject({
      code: 'SYS.1007',
      details: expect.stringContaining(name),
    });
  }
  expect(told('createVm')).toEqual([]);
  const made = inventoryOf(
    await create({ defaultL3NetworkUuid: 'br0', rootDiskSize: 1024 }, ['usbRedirect::true']),
  );
  expect(made).toMatchObject({ name: 'vm', imageUuid: disk.uuid });
  expect(told('createVm')).toMatchObject([[{ rootDiskSize: 1024, systemTags: ['usbRedirect::true'] }]]);
  expect(
    (await call('GET', `/vm-instances?q=__systemTag__=usbRedirect::true`)).json<{ inventories: unknown[] }>()
      .inventories,
  ).toHaveLength(1);
});

it('refuses to set what only the host or a new image can say', async () => {
  const disk = image();
  await world.store.kvm.saveImage(disk);
  const update = (updateVmInstance: object) =>
    call('PUT', `/vm-instances/${guest.uuid}/actions`, { updateVmInstance });
  expect(codeOf(await update({ name: 'x', state: 'Stopped' })).details).toContain('state');
  expect(
    codeOf(await call('PUT', `/images/${disk.uuid}/actions`, { updateImage: { format: 'raw' } })).details,
  ).toContain('format');
  const start = (startVmInstance: object) =>
    call('PUT', `/vm-instances/${guest.uuid}/actions`, { startVmInstance });
  const { clusterUuid: elsewhere } = await savePlace(world.store);
  expect(codeOf(await start({ clusterUuid: elsewhere })).details).toContain('another cluster');
  expect((await start({ clusterUuid })).statusCode).toBe(200);
  expect(inventoryOf(await update({ name: 'x', cpuNum: 3 }))).toMatchObject({ name: 'x', cpuNum: 3 });
});

it('shows a Normal account only the VMs and images that are shared with it, and no host', async () => {
  const disk = image();
  await world.store.kvm.saveImage(disk);
  const tenant = await newAccount(world, 'tenant');
  const seen = async (path: string) =>
    (await tenant.call('GET', path))
      .json<{ inventories?: { uuid: string }[] }>()
      .inventories?.map((one) => one.uuid);
  expect([await seen('/vm-instances'), await seen('/images')]).toEqual([[], []]);
  await call('PUT', '/accounts/resources/actions', {
    shareResource: { resourceUuids: [guest.uuid, disk.uuid], accountUuids: [tenant.uuid] },
  });
  expect([await seen('/vm-instances'), await seen('/images')]).toEqual([[guest.uuid], [disk.uuid]]);
  expect(await seen(`/vm-instances?q=host.name=${encodeURIComponent(machine.name)}`)).toEqual([]);
  expect(codeOf(await tenant.call('GET', '/hosts')).code).toBe('ID.1002');
  expect(
    codeOf(await tenant.call('PUT', `/vm-instances/${guest.uuid}/actions`, { stopVmInstance: {} })).code,
  ).toBe('ID.1002');
  await call('DELETE', `/accounts/${tenant.uuid}`);
  expect(told('revokeTickets')).toEqual([[tenant.uuid]]);
});
