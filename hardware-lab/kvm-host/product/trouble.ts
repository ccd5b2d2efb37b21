import { readFileSync } from 'node:fs';
import { expectSame, type Step } from '../steps.ts';
import { busOf, hand, lone, pair, startVm, stopVm } from './pass-through.ts';
import { expectText, type ProductWorld, refusal } from './world.ts';

/** Rejects unless the rows of Rackwright say what the host says: whether a VM has the device, in its definition or as it runs. */
async function expectAgreement(world: ProductWorld, address: string): Promise<string> {
  const { client, host, uuid } = world;
  await client.act(`/pci-device/hosts/${uuid('host')}/actions`, 'rescanPciDevices');
  const device = await world.deviceAt(address);
  const [, bus = '', slot = '', functionNumber = ''] = /:(..):(..)\.(.)$/.exec(address) ?? [];
  const source = `bus='0x${bus}' slot='0x${slot}' function='0x${functionNumber}'`;
  const xml = await host.run(
    'for id in $(virsh -q list --all --uuid); do virsh -q dumpxml --inactive $id; virsh -q dumpxml $id; done',
  );
  const defined = xml.includes(`<address domain='0x0000' ${source}/>`);
  expectSame(`${address} in a VM, and Attached`, `${defined}`, `${device['status'] === 'Attached'}`);
  return String(device['status']);
}

/** Begins to give a device to the VM, lets `strike` happen in the middle, and answers how the call ended. */
async function strikeWhileAttaching(
  world: ProductWorld,
  address: string,
  strike: () => Promise<void>,
): Promise<string> {
  const call = hand(world, 'attach', address).then(
    () => 'done',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  // The looks before it take their time; libvirt is at work when this process is there.
  await world.host.run(
    'for i in $(seq 300); do pgrep -f "virsh.* attach-device" >/dev/null && exit 0; sleep 0.1; done; exit 1',
    60_000,
  );
  await strike();
  return await call;
}

/** Connections, daemons and Rackwright itself die in the middle; devices vanish and come back. */
export const troubleSteps: readonly Step<ProductWorld>[] = [
  {
    name: 'ssh-killed',
    async run(world) {
      await startVm(world);
      const end = await strikeWhileAttaching(world, pair[0], async () => {
        // The sessions of `rack` only: the lab itself is logged in as root.
        await world.host.run("pkill -9 -f 'sshd: rack'; true");
      });
      await world.hostBecomes('Connected');
      const states = [await expectAgreement(world, pair[0]), await expectAgreement(world, pair[1])];
      // Firmware does not let go of what it was given already; with the end of the VM that is settled.
      await stopVm(world);
      for (const address of pair) await world.deviceBecomes(address, 'Active');
      await startVm(world);
      return `${states.join(', ')} after: ${end.slice(0, 120)}`;
    },
  },
  {
    name: 'libvirtd-killed',
    async run(world) {
      const end = await strikeWhileAttaching(world, lone, async () => {
        await world.host.run('systemctl kill -s KILL libvirtd; sleep 1; systemctl start libvirtd', 60_000);
      });
      await world.hostBecomes('Connected');
      return `${await expectAgreement(world, lone)} after: ${end.slice(0, 120)}`;
    },
  },
  {
    name: 'rackwright-killed',
    async run(world) {
      await stopVm(world);
      for (const address of [lone, pair[0]]) {
        if ((await world.deviceAt(address))['status'] === 'Attached') await hand(world, 'detach', address);
      }
      await startVm(world);
      const end = await strikeWhileAttaching(world, lone, async () => {
        await world.rackwright.crash();
        await world.rackwright.start();
      });
      await world.hostBecomes('Connected');
      return `${await expectAgreement(world, lone)} after: ${end.slice(0, 120)}`;
    },
  },
  {
    name: 'device-lost',
    async run(world) {
      const { client, host } = world;
      await stopVm(world);
      if ((await world.deviceAt(lone))['status'] === 'Attached') await hand(world, 'detach', lone);
      const device = await world.deviceBecomes(lone, 'Active');
      const path = `/pci-device/pci-devices/${String(device['uuid'])}`;
      const early = await refusal(client.remove(path));
      expectText('deleting a device that is there', early, 'Inactive');
      await host.unplug('nic');
      await world.deviceBecomes(lone, 'Inactive');
      await host.plug('nic');
      const back = await world.deviceBecomes(lone, 'Active');
      expectSame('uuid after the replug', String(back['uuid']), String(device['uuid']));
      return undefined;
    },
  },
  {
    name: 'host-restarted',
    async run(world) {
      await hand(world, 'attach', lone);
      await world.host.reboot();
      await world.client.act(`/hosts/${world.uuid('host')}/actions`, 'reconnectHost');
      await world.hostBecomes('Connected');
      expectSame('status', await expectAgreement(world, lone), 'Attached');
      await startVm(world);
      expectText("the VM's bus", await busOf(world), '8086:10d3');
      await stopVm(world);
      await hand(world, 'detach', lone);
      return undefined;
    },
  },
  {
    name: 'expunge',
    async run({ client, host, uuid }) {
      await client.remove(`/vm-instances/${uuid('vm')}?deleteMode=Enforcing`);
      expectSame('domains', await host.run('virsh -q list --all --uuid | grep -c . || true'), '0');
      expectSame('its folder', await host.run('ls /var/lib/rackwright/vms 2>/dev/null | wc -l'), '0');
      expectSame('the image', await host.run('ls /var/lib/images'), 'blank.qcow2');
      return undefined;
    },
  },
  {
    name: 'no-secret-told',
    async run({ host, rackwright }) {
      for (const text of [
        rackwright.log(),
        readFileSync(`${rackwright.dataDirectory}/rackwright.sqlite`, 'latin1'),
      ]) {
        if (text.includes(host.image.password))
          throw new Error("the host's password stands in a log or the database");
      }
      return undefined;
    },
  },
];
