import { expect, it } from 'vitest';
import type { RandomBytes } from '../../../src/base/random.ts';
import { freePorts } from '../../../src/kvm/vms/free-ports.ts';
import { emptyDump } from './fake-virsh.ts';
import { worldWithVm } from './world.ts';

it('is pending until the next start, and back', async () => {
  const { vms, id, domain, machine } = await worldWithVm({ power: 'running', live: emptyDump() });
  const state = () => vms.service.usbRedirect(id);
  expect(await state()).toEqual({ enable: false, pending: false });
  await vms.service.setUsbRedirect(id, true);
  expect(await state()).toEqual({ enable: true, pending: true });
  await vms.service.rebootVm(id);
  expect(await state()).toEqual({ enable: true, pending: true });
  await vms.service.stopVm(id, 'cold');
  expect(await state()).toEqual({ enable: true, pending: false });
  await vms.service.startVm(id);
  expect(await state()).toEqual({ enable: true, pending: false });
  expect(domain.live.match(/<redirdev bus='usb' type='unix'>/g)?.length).toBe(4);
  expect(domain.live).toContain(`/var/lib/rackwright/usb/${id}/3.sock`);
  expect(machine.ran).toContain(`install -d -m 0700 -- /var/lib/rackwright/usb/${id}`);

  await vms.service.setUsbRedirect(id, false);
  expect(await state()).toEqual({ enable: false, pending: true });
  await vms.service.stopVm(id, 'cold');
  await vms.service.startVm(id);
  expect(domain.live).toBe(emptyDump());
  expect(await state()).toEqual({ enable: false, pending: false });
});

it('goes over SPICE where the VM has SPICE', async () => {
  const { vms, id, domain } = await worldWithVm({
    config: emptyDump("    <graphics type='spice' port='-1'/>\n"),
  });
  await vms.service.setUsbRedirect(id, true);
  await vms.service.startVm(id);
  expect(domain.live.match(/<redirdev bus='usb' type='spicevmc'>/g)?.length).toBe(4);
});

it('goes over ports of 127.0.0.1 where AppArmor confines QEMU', async () => {
  const { vms, id, domain, machine } = await worldWithVm();
  machine.intercept = async (words) =>
    words[1]?.includes('apparmor') === true
      ? { exitCode: 0, signal: undefined, stdout: 'Y\n', stderr: '', truncated: false }
      : undefined;
  await vms.service.setUsbRedirect(id, true);
  await vms.service.startVm(id);
  const ports = [...domain.live.matchAll(/host='127\.0\.0\.1' service='(\d+)'/g)].map((match) =>
    Number(match[1]),
  );
  expect(new Set(ports).size).toBe(4);
});

it('takes ports that nobody listens on', async () => {
  const tables =
    '  sl  local_address\n   0: 0100007F:4E20 00000000:0000 0A\n   1: 00000000000000000000000000000000:4E22 0 0A\n';
  const run = () =>
    Promise.resolve({ exitCode: 0, signal: undefined, stdout: tables, stderr: '', truncated: false });
  const zero: RandomBytes = (length) => new Uint8Array(length);
  expect(await freePorts({ run }, 3, [], zero)).toEqual([20_001, 20_003, 20_004]);
});
