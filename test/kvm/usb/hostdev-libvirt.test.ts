import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Uuid } from '../../../src/base/uuid.ts';
import { changeLive } from '../../../src/kvm/usb/hostdev.ts';
import { type LibvirtLab, needLibvirtd, startLibvirtd } from '../../support/libvirtd.ts';

const uri = 'qemu:///system';
const domain = `<domain type='qemu'>
  <name>usb</name><uuid>12345678-9abc-4def-8123-456789abcdef</uuid>
  <memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os>
  <devices><controller type='usb' model='qemu-xhci'/></devices>
</domain>`;
const vmUuid = '123456789abc4def8123456789abcdef' as Uuid;

// No USB device here that could be given away: libvirt must have read the definition to say which one it misses.
describe.skipIf(!needLibvirtd())('a real libvirt with a running domain', () => {
  let lab: LibvirtLab;
  beforeAll(async () => {
    lab = await startLibvirtd();
    await lab.shell.run(['sh', '-c', `cat | virsh -c ${uri} create /dev/stdin`], { input: domain });
  }, 120_000);
  afterAll(async () => lab.close());

  it('looks for the device at bus and number when it shall be attached', async () => {
    const change = { kind: 'attach' as const, vmUuid, address: { busNum: 1, devNum: 99 } };
    await expect(changeLive(lab.shell, uri, change)).rejects.toMatchObject({
      code: 'command-failed',
      // A kernel without USB has no such folder.
      message: expect.stringMatching(/USB device.*99|\/sys\/bus\/usb\/devices/) as string,
    });
  }, 60_000);

  it('looks for the hostdev of that address when it shall be detached', async () => {
    const change = { kind: 'detach' as const, vmUuid, address: { busNum: 1, devNum: 99 } };
    await expect(changeLive(lab.shell, uri, change)).rejects.toThrow(/host usb device 0*1\.0*99 not found/);
  }, 60_000);
});
