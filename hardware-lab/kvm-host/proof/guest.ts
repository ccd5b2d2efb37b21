import type { KvmHost } from '../machine.ts';
import { expectSame, type Step } from '../steps.ts';
import { firmwareDomain, nicAsHostdev } from './domain.ts';

/** Where the NIC that stands alone is on the host's bus. */
const nicAddress = '0000:03:00.0';
/** All members of the group of the bridge with its two NICs. */
const sharedGroup = '0000:04:00.0 0000:05:01.0 0000:05:02.0';
const driverOf = `basename "$(readlink -f /sys/bus/pci/devices/${nicAddress}/driver)"`;
const groupCount = 'ls /sys/kernel/iommu_groups | wc -l';
/** QEMU's own USB stick, `0x46f4:0x0001`. */
const stickId = '46f4:0001';
/** At QEMU's first port for USB 3. */
const stickDriver = 'basename "$(readlink -f /sys/bus/usb/devices/2-1:1.0/driver)"';

/** Which word turns the IOMMU on, and its name in /sys/class/iommu. */
const iommuFacts = {
  intel: { parameter: 'intel_iommu', unit: 'dmar0' },
  amd: { parameter: 'amd_iommu', unit: 'ivhd0' },
} as const;

const login: readonly Step<KvmHost>[] = [
  {
    name: 'boot',
    async run(host) {
      await host.waitUntilUp(240_000);
      return await host.run('uname -r');
    },
  },
  {
    name: 'key-login',
    async run(host) {
      expectSame('user with the key', await host.run('id -un'), 'root');
      return undefined;
    },
  },
  {
    name: 'password-login',
    async run(host) {
      const { code, stdout, stderr } = await host.ssh.asRack('id -un; sudo -n id -un');
      if (code !== 0) throw new Error(`login with a password: ${stderr.trim()}`);
      expectSame('users with the password', stdout.trim().replace('\n', ' '), 'rack root');
      return undefined;
    },
  },
];

const iommu: readonly Step<KvmHost>[] = [
  {
    name: 'iommu-off',
    async run(host) {
      expectSame('groups before the kernel is told', await host.run(groupCount), '0');
      return await host.run('cat /proc/cmdline');
    },
  },
  {
    name: 'iommu-on',
    async run(host) {
      const { parameter, unit } = iommuFacts[host.iommu];
      await host.run(
        `sed -i 's/${parameter}=off/${parameter}=on/' /etc/default/grub && update-grub 2>&1`,
        120_000,
      );
      await host.reboot();
      expectSame('IOMMU', await host.run('ls /sys/class/iommu'), unit);
      return `${await host.run(groupCount)} groups`;
    },
  },
  {
    name: 'groups',
    async run(host) {
      const members = await host.run(
        'for address in 0000:03:00.0 0000:05:01.0; do ls /sys/bus/pci/devices/$address/iommu_group/devices; echo; done',
      );
      const [lone = '', shared = ''] = members
        .split('\n\n')
        .map((group) => group.trim().replaceAll('\n', ' '));
      expectSame('group of the NIC that stands alone', lone, nicAddress);
      expectSame('group of the bridge', shared, sharedGroup);
      return undefined;
    },
  },
];

const domains: readonly Step<KvmHost>[] = [
  {
    name: 'domain',
    async run(host) {
      await host.run(`virsh -q define /dev/stdin <<'END'\n${firmwareDomain}END`);
      await host.run('virsh -q start firmware', 120_000);
      return (await host.run('virsh domstate firmware')).trim();
    },
  },
  {
    name: 'attach-nic',
    async run(host) {
      await host.run(
        `virsh -q attach-device firmware /dev/stdin --live <<'END'\n${nicAsHostdev}END`,
        120_000,
      );
      expectSame('driver of the NIC', await host.run(driverOf), 'vfio-pci');
      const seen = await host.run("virsh qemu-monitor-command firmware --hmp 'info pci'");
      if (!seen.includes('8086:10d3')) throw new Error('the NIC is not on the bus of the VM');
      return undefined;
    },
  },
  {
    name: 'redirect-usb',
    async run(host) {
      const redirect = `usbredirect --device ${stickId} --to 127.0.0.1:4000`;
      await host.run(`${redirect} </dev/null >/run/usbredirect.log 2>&1 & echo $! >/run/usbredirect.pid`);
      // A channel without a device is there at 1.5 Mb/s.
      const line = "virsh qemu-monitor-command firmware --hmp 'info usb' | grep 'Speed 5000 Mb/s.*redir0'";
      const seen = await host.run(
        `for i in $(seq 120); do ${line} && exit 0; sleep 0.5; done; cat /run/usbredirect.log >&2; exit 1`,
        120_000,
      );
      expectSame('driver of the stick', await host.run(stickDriver), 'usbfs');
      await host.run('kill "$(cat /run/usbredirect.pid)"');
      await host.run(
        `for i in $(seq 120); do [ "$(${stickDriver})" = usb-storage ] && exit 0; sleep 0.5; done; exit 1`,
        120_000,
      );
      return seen.trim();
    },
  },
  {
    name: 'give-back',
    async run(host) {
      await host.run('virsh -q destroy firmware', 60_000);
      expectSame('driver of the NIC', await host.run(driverOf), 'e1000e');
      return undefined;
    },
  },
];

const trouble: readonly Step<KvmHost>[] = [
  {
    name: 'pull-and-replug',
    async run(host) {
      for (const which of ['nic', 'stick'] as const) await host.unplug(which);
      const gone = await host.run(
        `ls -d /sys/bus/pci/devices/${nicAddress} 2>/dev/null; lsusb | grep ${stickId}; true`,
      );
      expectSame('what is left of NIC and stick', gone, '');
      for (const which of ['nic', 'stick'] as const) await host.plug(which);
      await host.run(
        `for i in $(seq 60); do [ -d /sys/bus/pci/devices/${nicAddress} ] && lsusb | grep -q ${stickId} && exit 0; sleep 0.5; done; exit 1`,
      );
      return undefined;
    },
  },
  {
    name: 'power-cut',
    async run(host) {
      await host.run('echo written >/root/before && sync');
      const port = host.sshPort;
      await host.crash();
      await host.powerOn();
      await host.waitUntilUp(240_000);
      expectSame('port after the power cut', String(host.sshPort), String(port));
      expectSame('file from before the power cut', await host.run('cat /root/before'), 'written');
      return undefined;
    },
  },
];

/** What the host can do by itself, without Rackwright. */
export const guestSteps: readonly Step<KvmHost>[] = [...login, ...iommu, ...domains, ...trouble];
