import { expectSame, type Step } from '../steps.ts';
import { expectText, type ProductWorld, refusal } from './world.ts';

/** What the host itself says of its PCI functions: address, vendor, device, driver and group, a line each. */
const devicesOfSysfs = `cd /sys/bus/pci/devices && for d in *; do
  driver=- group=-
  [ -e "$d/driver" ] && driver=$(basename "$(readlink "$d/driver")")
  [ -e "$d/iommu_group" ] && group=$(basename "$(readlink "$d/iommu_group")")
  printf '%s %s %s %s %s\\n' "$d" "$(cut -c3- $d/vendor)" "$(cut -c3- $d/device)" "$driver" "$group"
done`;

/** Rejects unless Rackwright's list of devices is what sysfs has. */
async function compareDevices({ client, host, uuid }: ProductWorld): Promise<number> {
  const rows = await client.query('/pci-device/pci-devices', `hostUuid=${uuid('host')}`, 'status!=Inactive');
  const ours = rows
    .map((row) =>
      ['pciDeviceAddress', 'vendorId', 'deviceId', 'driver', 'iommuGroup']
        .map((name) => String((row[name] as string | number | undefined) ?? '-'))
        .join(' '),
    )
    .toSorted();
  const theirs = (await host.run(devicesOfSysfs)).split('\n').toSorted();
  expectSame('PCI devices', ours.join('\n'), theirs.join('\n'));
  return ours.length;
}

const parametersOf = ({ host, uuid }: ProductWorld, password: string): Readonly<Record<string, unknown>> => ({
  name: 'lab host',
  clusterUuid: uuid('cluster'),
  managementIp: host.address,
  sshPort: host.sshPort,
  username: 'rack',
  password,
});

/** Adding the host, seeing what it has, and switching its IOMMU on through its boot loader. */
export const hostSteps: readonly Step<ProductWorld>[] = [
  {
    name: 'refused-logins',
    async run(world) {
      const { client, uuids } = world;
      const zone = await client.create('/zones', { name: 'lab' });
      const cluster = await client.create('/clusters', {
        name: 'kvm',
        zoneUuid: zone['uuid'],
        hypervisorType: 'KVM',
      });
      uuids.set('cluster', String(cluster['uuid']));
      const wrong = await refusal(
        client.create('/hosts/kvm', parametersOf(world, 'not the password of this host')),
      );
      expectText('a wrong password', wrong, /password|login/i);
      const pin = `sshHostKey::SHA256:${'A'.repeat(43)}`;
      const foreign = await refusal(
        client.create('/hosts/kvm', parametersOf(world, world.host.image.password), [pin]),
      );
      expectText('another key than the pinned one', foreign, 'SHA256:');
      expectSame('hosts', String((await client.query('/hosts')).length), '0');
      return undefined;
    },
  },
  {
    name: 'add-host',
    async run(world) {
      const { client, uuids, host } = world;
      const row = await client.create('/hosts/kvm', parametersOf(world, host.image.password));
      uuids.set('host', String(row['uuid']));
      expectSame('status', String(row['status']), 'Connected');
      expectSame('kernel', String(row['kernelVersion']), await host.run('uname -r'));
      return `libvirt ${String(row['libvirtVersion'])}, QEMU ${String(row['qemuVersion'])}`;
    },
  },
  {
    name: 'shell',
    async run({ client, uuid }) {
      const answer = await client.act('/hosts/kvm/actions', 'kvmRunShell', {
        hostUuids: [uuid('host')],
        script: 'id -u; echo to stderr >&2; exit 3',
      });
      const said = (answer['inventory'] as Record<string, Record<string, unknown>>)[uuid('host')];
      expectSame(
        'what the script said',
        `${String(said?.['returnCode'])} ${String(said?.['stdout']).trim()} ${String(said?.['stderr']).trim()}`,
        '3 0 to stderr',
      );
      return undefined;
    },
  },
  {
    name: 'discovery',
    run: async (world) => `${await compareDevices(world)} devices are what sysfs has`,
  },
  {
    name: 'iommu-wish',
    async run({ client, uuid, host }) {
      const path = `/pci-device/hosts/${uuid('host')}`;
      expectSame('status', String((await client.get(`${path}/status`))['status']), 'Inactive');
      // The lab's image says off on purpose; a person's own "off" is not overruled.
      const off = await refusal(client.act(`${path}/actions`, 'updateHostIommuState', { state: 'Enabled' }));
      expectText('an IOMMU that a person switched off', off, '=off');
      await host.run(`sed -i -E 's/ ?(intel|amd)_iommu=off//g' /etc/default/grub`);
      const dry = await client.act(`${path}/actions`, 'updateHostIommuState', {
        state: 'Enabled',
        dryRun: true,
      });
      expectText('the shown change', String(dry['diff']), /^\+.*iommu/m);
      return String(dry['diff'])
        .split('\n')
        .filter((line) => /^[+-][^+-]/.test(line))
        .join(' | ');
    },
  },
  {
    name: 'iommu-enable',
    async run({ client, uuid, host, hostBecomes }) {
      const path = `/pci-device/hosts/${uuid('host')}`;
      const before = await host.run('cat /etc/default/grub');
      const done = await client.act(`${path}/actions`, 'updateHostIommuState', { state: 'Enabled' });
      expectSame('reboot pending', String(done['rebootPending']), 'true');
      const pending = await client.get(`${path}/status`);
      expectSame('status before the reboot', String(pending['status']), 'Inactive');
      expectText('its details', String(pending['details']), 'reboot');
      await host.reboot();
      await client.act(`/hosts/${uuid('host')}/actions`, 'reconnectHost');
      await hostBecomes('Connected');
      const now = await client.get(`${path}/status`);
      expectSame('status after the reboot', String(now['status']), 'Active');
      if ((await host.run('cat /etc/default/grub')) === before) throw new Error('nothing was written');
      return String(now['details']);
    },
  },
  {
    name: 'groups',
    run: async (world) => `${await compareDevices(world)} devices with their groups are what sysfs has`,
  },
];
