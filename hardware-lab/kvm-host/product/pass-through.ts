import { setTimeout as sleep } from 'node:timers/promises';
import { expectSame, type Step } from '../steps.ts';
import { expectText, type ProductWorld, refusal } from './world.ts';

/** The NIC that stands alone, and the two that share a group with their bridge. */
export const lone = '0000:03:00.0';
export const pair = ['0000:05:01.0', '0000:05:02.0'] as const;

const driverOf = (address: string): string =>
  `basename "$(readlink -f /sys/bus/pci/devices/${address}/driver)"`;
const dashed = (uuid: string): string => uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Devices on the bus of the VM, as its QEMU says. */
export async function busOf({ host, uuid }: ProductWorld): Promise<string> {
  return await host.run(`virsh -q qemu-monitor-command ${dashed(uuid('vm'))} --hmp 'info pci'`, 60_000);
}

async function nicsOf(world: ProductWorld, ids: string): Promise<string> {
  return String((await busOf(world)).split(ids).length - 1);
}

export async function expectDriver({ host }: ProductWorld, address: string, driver: string): Promise<void> {
  expectSame(`driver of ${address}`, await host.run(driverOf(address)), driver);
}

/** Gives the device at an address to the VM, or takes it back. */
export async function hand(world: ProductWorld, what: 'attach' | 'detach', address: string): Promise<void> {
  const device = await world.deviceAt(address);
  await world.client.create(`/pci-device/pci-devices/${String(device['uuid'])}/${what}`, {
    vmInstanceUuid: world.uuid('vm'),
  });
}

/** Registers of ACPI PCI hot-plug on a q35 board, and its buses. QEMU docs/specs/acpi_pci_hotplug */
const hotplug = { down: '0xcc4', eject: '0xcc8', bus: '0xcd0', buses: 18 } as const;

/** Writes the slots that are asked for, bus by bus, into the eject register; prints them. */
const ejectScript = `say() { printf 'qemu-monitor-command %s --hmp "%s"\\n' "$vm" "$1"; }
for bus in $(seq 0 ${hotplug.buses - 1}); do
  say "o /4 ${hotplug.bus} $bus"
  say "i /4 ${hotplug.down}"
done | virsh -q | tr -d '\\r' | sed -n 's/.*= //p' | awk '$1 != "0x00000000" { print NR - 1, $1 }' > /run/ejected
while read -r bus slots; do
  say "o /4 ${hotplug.bus} $bus"
  say "o /4 ${hotplug.eject} $slots"
done < /run/ejected | virsh -q > /dev/null
cat /run/ejected`;

/**
 * Answers the wish to let `count` devices go as the ACPI driver of a guest does: reads which slots are asked for and writes them into
 * the eject register. The VM runs nothing but firmware, so its monitor does that in its place.
 */
async function letGo({ host, uuid }: ProductWorld, count: number): Promise<string> {
  const told = new Set<string>();
  for (const until = Date.now() + 90_000; told.size < count && Date.now() < until; await sleep(500)) {
    const ejected = await host.run(`vm=${dashed(uuid('vm'))}\n${ejectScript}`, 60_000);
    for (const line of ejected.split('\n').filter((one) => one !== '')) {
      const [bus = '', slots = '0'] = line.split(' ');
      for (let slot = 0; slot < 32; slot++) {
        if ((Number(slots) >>> slot) & 1) told.add(`bus ${bus} slot ${slot}`);
      }
    }
  }
  return [...told].join(', ');
}

/** The host has them again, each with its own driver. */
async function expectBack(world: ProductWorld, addresses: readonly string[], driver: string): Promise<void> {
  for (const address of addresses) {
    await expectDriver(world, address, driver);
    expectSame(`status of ${address}`, String((await world.deviceAt(address))['status']), 'Active');
  }
}

const vmAction = async (world: ProductWorld, action: string, params = {}): Promise<void> => {
  await world.client.act(`/vm-instances/${world.uuid('vm')}/actions`, action, params);
};
export const stopVm = (world: ProductWorld): Promise<void> =>
  vmAction(world, 'stopVmInstance', { type: 'cold' });
export const startVm = (world: ProductWorld): Promise<void> => vmAction(world, 'startVmInstance');

/** A VM of our own on the host, and devices that it gets and gives back. */
export const passThroughSteps: readonly Step<ProductWorld>[] = [
  {
    name: 'create-vm',
    async run({ client, host, uuids, uuid }) {
      await host.run(
        'mkdir -p /var/lib/images && qemu-img create -q -f qcow2 /var/lib/images/blank.qcow2 64M',
      );
      const offering = await client.create('/instance-offerings', {
        name: 'tiny',
        cpuNum: 1,
        memorySize: 128 * 2 ** 20,
      });
      const image = await client.create('/images', {
        name: 'blank',
        url: 'file:///var/lib/images/blank.qcow2',
        format: 'qcow2',
        mediaType: 'RootVolumeTemplate',
        backupStorageUuids: [],
      });
      uuids.set('offering', String(offering['uuid']));
      uuids.set('image', String(image['uuid']));
      const vm = await client.create('/vm-instances', {
        name: 'guest <1> & "co"',
        instanceOfferingUuid: uuid('offering'),
        imageUuid: uuid('image'),
        l3NetworkUuids: ['br0'],
        hostUuid: uuid('host'),
      });
      uuids.set('vm', String(vm['uuid']));
      expectSame('state', String(vm['state']), 'Running');
      return await host.run(`virsh -q domstate ${dashed(uuid('vm'))}`);
    },
  },
  {
    // QEMU's VNC server listens on the host's loopback only; the picture comes through SSH.
    name: 'vm-screen',
    async run({ client, uuid }) {
      const { type, bytes } = await client.file(`/vm-instances/${uuid('vm')}/console/screenshot`);
      expectSame('kind of the picture', type, 'image/png');
      const png = Buffer.from(bytes);
      expectSame('its signature', png.subarray(1, 4).toString('latin1'), 'PNG');
      const access = await client.create('/consoles', { vmInstanceUuid: uuid('vm') });
      expectText('the link', String(access['url']), /\/console\/#[0-9a-f]{64}$/);
      return `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}, ${png.length} bytes`;
    },
  },
  {
    name: 'refused-devices',
    async run(world) {
      const { host } = world;
      const behind = (path: string): Promise<string> =>
        host.run(`readlink -f ${path} | grep -oE '[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]' | tail -n 1`);
      const nic = await behind('/sys/class/net/$(ls /sys/class/net/br0/brif | head -n 1)/device');
      const disk = await behind(
        '/sys/class/block/$(lsblk -nro PKNAME "$(findmnt -no SOURCE /)" | head -n 1)',
      );
      const nicText = await refusal(hand(world, 'attach', nic));
      expectText('the management NIC', nicText, /management|bridge|route/i);
      const diskText = await refusal(hand(world, 'attach', disk));
      expectText('the boot disk', diskText, 'runs from its disk');
      for (const address of [nic, disk]) {
        expectSame(`driver of ${address}`, await host.run(driverOf(address)), 'virtio-pci');
      }
      return diskText.slice(0, 160);
    },
  },
  {
    name: 'attach-running',
    async run(world) {
      await hand(world, 'attach', lone);
      await expectDriver(world, lone, 'vfio-pci');
      expectText("the VM's bus", await busOf(world), '8086:10d3');
      const device = await world.deviceAt(lone);
      expectSame('status', String(device['status']), 'Attached');
      expectSame('VM', String(device['vmInstanceUuid']), world.uuid('vm'));
      return undefined;
    },
  },
  {
    name: 'attach-group',
    async run(world) {
      await hand(world, 'attach', pair[0]);
      for (const address of pair) {
        await expectDriver(world, address, 'vfio-pci');
        expectSame(`status of ${address}`, String((await world.deviceAt(address))['status']), 'Attached');
      }
      expectSame("NICs of the group on the VM's bus", await nicsOf(world, '8086:100e'), '2');
      return undefined;
    },
  },
  {
    // From the running VM, whose guest answers.
    name: 'give-back-running',
    async run(world) {
      const [call, guest] = await Promise.allSettled([
        hand(world, 'detach', pair[0]),
        letGo(world, pair.length),
      ]);
      const ejected = guest.status === 'fulfilled' ? guest.value : String(guest.reason);
      // A call waits 20 s for the guest. Where this one answers later, the devices leave the VM all the same.
      if (call.status === 'rejected') {
        const said = `${String(call.reason)}; the guest let go: ${ejected}`;
        expectText('a guest that answers late', said, 'it leaves the VM when the guest answers');
        for (const address of pair) await world.deviceBecomes(address, 'Active', 120_000);
      }
      expectSame("the group's NICs on the running VM's bus", await nicsOf(world, '8086:100e'), '0');
      await expectBack(world, pair, 'e1000');
      return ejected;
    },
  },
  {
    name: 'give-back-stopped',
    async run(world) {
      await stopVm(world);
      await hand(world, 'detach', lone);
      await expectBack(world, [lone], 'e1000e');
      return undefined;
    },
  },
  {
    name: 'attach-stopped',
    async run(world) {
      await hand(world, 'attach', lone);
      await startVm(world);
      await expectDriver(world, lone, 'vfio-pci');
      expectText("the VM's bus", await busOf(world), '8086:10d3');
      return undefined;
    },
  },
  {
    // Firmware does not answer the wish to let a device go; a VM that is stopped has nothing to say.
    name: 'unwilling-guest',
    async run(world) {
      const said = await refusal(hand(world, 'detach', lone)).catch(() => undefined);
      if (said !== undefined) expectText('a guest that does not let go', said, /guest|stop/i);
      await stopVm(world);
      await world.deviceBecomes(lone, 'Active');
      await expectDriver(world, lone, 'e1000e');
      return said === undefined ? 'the guest let go' : said.slice(0, 160);
    },
  },
];
