import { afterAll, beforeAll, expect, it } from 'vitest';
import { host, hostCanary, pciDevice, savePlace, usbDevice, vm } from '../support/fake-kvm-records.ts';
import type { Cli } from './cli-world.ts';
import { openCli } from './cli-world.ts';

let cli: Cli;
let machine: ReturnType<typeof host>;
let guest: ReturnType<typeof vm>;
beforeAll(async () => {
  cli = await openCli();
  await cli.logIn();
  const { store } = cli.world;
  const { clusterUuid } = await savePlace(store);
  machine = host(clusterUuid, { name: 'kvm1' });
  guest = vm(machine, { name: 'web' });
  await store.kvm.saveHost(machine);
  await store.kvm.saveVm(guest);
  await store.iommu.savePci({ devices: [pciDevice(machine.uuid, { name: 'gpu' })] });
  await store.kvm.saveUsbDevices({ saved: [usbDevice(machine.uuid, { name: 'stick' })], gone: [] });
});
afterAll(() => cli.close());

const words = (line: string, stdin = '', env: Record<string, string> = {}) =>
  cli.rackwright(line.split(' '), stdin, env);
const lastCall = (name: string) => cli.world.kvm.calls.findLast(([one]) => one === name);

it('adds hosts by password, by our own key, and this very machine', async () => {
  const add = 'host add --cluster row --name';
  const byPassword = await words(`${add} a --ip 192.0.2.201 --port 2222 --user adm`, '', {
    RACKWRIGHT_HOST_PASSWORD: hostCanary,
  });
  expect([byPassword.status, byPassword.err]).toEqual([0, '']);
  expect(byPassword.out + byPassword.err).not.toContain(hostCanary);
  expect(lastCall('addHost')?.[1]).toMatchObject({ username: 'adm', sshPort: 2222, password: hostCanary });
  const key = `SHA256:${'A'.repeat(43)}`;
  expect((await words(`${add} b --ip 192.0.2.202 --own-key --host-key ${key}`)).status).toBe(0);
  expect(lastCall('addHost')?.[1]).toMatchObject({
    username: 'root',
    password: '',
    systemTags: [`sshHostKey::${key}`],
  });
  expect((await words(`${add} c --ip 127.0.0.1 --local`)).status).toBe(0);
  expect(lastCall('addHost')?.[1]).toMatchObject({ password: '', systemTags: ['hostConnection::local'] });
  expect((await words(`${add} d --ip 192.0.2.203`)).err).toContain('nothing was given on standard input');
  expect((await words('host key')).out).toBe('ssh-ed25519 AAAA rackwright\n');
  expect((await words('host delete c')).out).toBe('c: deleted\n');
});

it('lists, shows and steers hosts', async () => {
  expect((await words('host list')).out).toMatch(/^kvm1 +\S+ +Enabled +Connected +192\.0\.2\.\d+ +-$/m);
  expect((await words('host show kvm1')).out).toMatch(/^kernelVersion: +6\.1\.0/m);
  expect((await words('host state disable kvm1')).out).toBe('kvm1 is Disabled\n');
  expect((await words('host state enable kvm1')).out).toBe('kvm1 is Enabled\n');
  expect((await words('host state explode kvm1')).status).toBe(2);
  expect((await words('host reconnect kvm1')).out).toBe('kvm1 is Connected\n');
});

it('runs a script from standard input, and shows what hosts print without their escapes', async () => {
  cli.world.kvm.services.hosts.runShell = async (uuids, script) => {
    cli.world.kvm.calls.push(['runShell', uuids, script]);
    const answer = { returnCode: 3, stdout: 'one\ttwo\nred \u001b[31m\n', stderr: '', failure: undefined };
    return new Map([[machine.uuid, answer]]);
  };
  const run = await words('host shell kvm1', 'uname -a\nid\n');
  expect(run.out).toBe(`== ${machine.uuid}: exit 3\none    two\nred ?[31m\n`);
  expect(lastCall('runShell')).toEqual(['runShell', [machine.uuid], 'uname -a\nid']);
  expect((await words('host shell kvm1', ' \n')).err).toContain('standard input');
  expect((await words('host shell', 'id')).status).toBe(2);
});

it('lists and steers VMs', async () => {
  expect((await words('vm list')).out).toMatch(/^web +\S+ +Running +kvm1 +2 +2147483648$/m);
  expect((await words('vm show web')).out).toContain('/var/lib/images/web.qcow2');
  for (const [line, state] of [
    ['vm pause web', 'Paused'],
    ['vm resume web', 'Running'],
    ['vm reboot web', 'Running'],
    ['vm stop web --cold', 'Stopped'],
    ['vm start web', 'Running'],
  ] as const) {
    expect([line, (await words(line)).out]).toEqual([line, `web is ${state}\n`]);
  }
  expect(lastCall('stopVm')).toEqual(['stopVm', guest.uuid, 'cold']);
  expect((await words('vm list')).out).toMatch(/^web +\S+ +Running +kvm1 /m);
});

it('plans and makes the handover of a PCI device, by address too', async () => {
  expect((await words('pci list --host kvm1')).out).toMatch(
    /^0000:06:00\.0 +gpu +Active +14 +nouveau +kvm1 +- +\S+$/m,
  );
  expect((await words('pci plan 06:00.0 web')).out).toBe(
    [
      'PCIDEVICEADDRESS  NAME  DRIVER',
      '0000:06:00.0      gpu   nouveau',
      'refused (boot-disk): the host boots from it',
      'warning (no-reset): it cannot be reset',
      'it cannot be attached',
      '',
    ].join('\n'),
  );
  expect((await words('pci attach gpu web')).out).toBe('gpu is Attached\n');
  expect((await words('pci list')).out).toMatch(/ kvm1 +web +\S+$/m);
  expect((await words('pci detach 0000:06:00.0 web')).out).toBe('0000:06:00.0 is Active\n');
  expect((await words('pci vfs gpu 4')).out).toBe('gpu has 4 virtual functions\n');
  expect((await words('pci vfs gpu 0')).status).toBe(0);
  expect([lastCall('generateVfs')?.[2], lastCall('removeVfs')?.length]).toEqual([4, 2]);
  expect((await words('pci vfs gpu many')).status).toBe(2);
});

it('shows the change of the boot loader before it is made', async () => {
  expect((await words('iommu status kvm1')).out).toBe('Disabled, Inactive\n');
  expect((await words('iommu enable kvm1 --dry-run')).out).toBe('+intel_iommu=on\nnothing was written\n');
  expect((await words('iommu status kvm1')).out).toBe('Disabled, Inactive\n');
  expect((await words('iommu enable kvm1')).out).toBe('+intel_iommu=on\nIOMMU Enabled; reboot the host\n');
  expect((await words('iommu disable kvm1')).status).toBe(0);
});

it('gives USB devices, and prints the address of a redirect channel', async () => {
  expect((await words('usb attach stick web')).out).toBe('stick: attached to web\n');
  expect((await words('usb list')).out).toMatch(/^stick +\S+ +0951 +1666 +1-4\.2 +Present +kvm1 +web$/m);
  expect((await words('usb detach stick')).out).toBe('stick: detached\n');
  expect((await words('usb redirect web')).out).toMatch(
    /^ws:\/\/127\.0\.0\.1:\d+\/v1\/usb-redirect\/c{64}\n$/,
  );
  expect((await cli.json<{ protocol: string }>('usb', 'redirect', 'web')).protocol).toBe('usbredir');
});
