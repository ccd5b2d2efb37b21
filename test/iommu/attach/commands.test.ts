import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Uuid } from '../../../src/base/uuid.ts';
import { changeDevice } from '../../../src/iommu/attach/commands.ts';
import { checkedAddress, renderHostdev } from '../../../src/iommu/attach/hostdev-xml.ts';
import { bindScript, deviceCommand, restoreScript, vfScript } from '../../../src/iommu/attach/scripts.ts';
import { explainFailure } from '../../../src/iommu/attach/hints.ts';
import { needLibvirtd, startLibvirtd } from '../../support/libvirtd.ts';
import { needTools } from '../../support/need.ts';

const root = mkdtempSync(join(tmpdir(), 'rackwright-pci-'));
afterAll(() => rmSync(root, { recursive: true }));
const address = '0000:01:00.0';
const device = join(root, 'sys/bus/pci/devices', address);

/** Files instead of a kernel: what is written stays readable, and nothing is bound. */
function sysfs(driver: string | undefined): void {
  rmSync(join(root, 'sys'), { recursive: true, force: true });
  for (const name of ['vfio-pci', 'e1000e'])
    mkdirSync(join(root, 'sys/bus/pci/drivers', name), { recursive: true });
  mkdirSync(device, { recursive: true });
  if (driver !== undefined) symlinkSync(join(root, 'sys/bus/pci/drivers', driver), join(device, 'driver'));
}

function run(script: string, args: readonly string[]) {
  const input = script.replaceAll('/sys/', `${root}/sys/`);
  const env = { PATH: process.env['PATH'] ?? '' };
  return spawnSync('sh', ['-s', '--', ...args], { input, env, encoding: 'utf8' });
}

const text = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8') : undefined;

describe('scripts on a host', () => {
  it.each([bindScript, restoreScript, vfScript])('are good shell: %#', (script) => {
    expect(spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('bind by override, unbind and probe, and say when the device did not go', () => {
    sysfs('e1000e');
    const { status, stderr } = run(bindScript, [address]);
    expect(text(join(device, 'driver_override'))).toBe('vfio-pci\n');
    expect(text(join(root, 'sys/bus/pci/drivers/e1000e/unbind'))).toBe(`${address}\n`);
    expect(text(join(root, 'sys/bus/pci/drivers_probe'))).toBe(`${address}\n`);
    expect({ status, stderr }).toEqual({
      status: 5,
      stderr: expect.stringContaining('its driver is e1000e'),
    });
  });

  it('leave alone what is bound already', () => {
    sysfs('vfio-pci');
    expect(run(bindScript, [address]).status).toBe(0);
    expect(text(join(device, 'driver_override'))).toBeUndefined();
    expect(run(bindScript, [address, '0000:09:00.0'])).toMatchObject({ status: 4 });
  });

  it('restore by clearing the override, and report every device', () => {
    sysfs('vfio-pci');
    const { stdout } = run(restoreScript, [address, 'e1000e', '0000:09:00.0', '-']);
    // No kernel took it off the driver here, and the script says so.
    expect(stdout).toBe(`${address} vfio-pci\n0000:09:00.0 gone\n`);
    expect(text(join(device, 'driver_override'))).toBe('\n');
    expect(text(join(root, 'sys/bus/pci/drivers/vfio-pci/unbind'))).toBe(`${address}\n`);
    sysfs(undefined);
    expect(run(restoreScript, [address, '-']).stdout).toBe(`${address} -\n`);
    expect(text(join(root, 'sys/bus/pci/drivers_probe'))).toBe(`${address}\n`);
    sysfs('vfio-pci');
    expect(run(restoreScript, [address, 'vfio-pci']).stdout).toBe(`${address} vfio-pci\n`);
    expect(text(join(device, 'driver_override'))).toBeUndefined();
  });

  it('set the number of virtual functions', () => {
    sysfs('e1000e');
    expect(run(vfScript, [address, '2']).status).toBe(4);
    writeFileSync(join(device, 'sriov_numvfs'), '0\n');
    expect(run(vfScript, [address, '2']).status).toBe(0);
    expect(text(join(device, 'sriov_numvfs'))).toBe('2\n');
  });
});

it.each(['', '01:00.0', '0000:01:20.0', '0000:01:00.8', "0000:01:00.0'/>", '../../etc', '0000:01:00.0\n'])(
  'refuses what is no address: %j',
  (bad) => {
    expect(() => checkedAddress(bad)).toThrow(/no PCI address/);
    expect(() => renderHostdev(bad)).toThrow(/no PCI address/);
  },
);

it('keeps what the program said when it knows no advice, in bounds', () => {
  expect(explainFailure('error: Failed to attach device from /dev/stdin\nerror: odd', [])).toBe('odd');
  expect(explainFailure('', [])).toBe('the command said nothing');
  expect(explainFailure('x'.repeat(100_000), []).length).toBeLessThan(700);
});

const virsh = needTools({ tool: 'virsh', package: 'libvirt-clients' });

it.skipIf(!virsh)("is what libvirt's schema and parser take", () => {
  const define = (devices: string) =>
    spawnSync('sh', ['-c', 'cat | virsh -q -c test:///default "define --validate /dev/stdin; dumpxml x"'], {
      input: `<domain type='test'><name>x</name><memory>65536</memory><os><type>hvm</type></os><devices>${devices}</devices></domain>`,
      encoding: 'utf8',
    });
  const { stdout, stderr } = define(renderHostdev('0000:a1:1f.7'));
  expect(stderr).toBe('');
  expect(stdout).toContain("<hostdev mode='subsystem' type='pci' managed='yes'>");
  expect(stdout).toContain("<address domain='0x0000' bus='0xa1' slot='0x1f' function='0x7'/>");
  expect(define(renderHostdev(address).replace('yes', 'maybe')).stderr).toContain('failed to validate');
});

it.skipIf(!virsh)('lets virsh read its standard input, which is a socket here', () => {
  const { stderr } = spawnSync(
    'sh',
    ['-c', deviceCommand, 'sh', 'test:///default', 'attach-device', 'test', '--config'],
    { input: renderHostdev(address), encoding: 'utf8' },
  );
  // The test driver reads the file and knows no hostdevs: that is as far as it goes.
  expect(stderr).toMatch(/not supported by the connection driver/);
});

it.skipIf(!needLibvirtd())(
  'goes into and out of a definition of a genuine libvirt once',
  { timeout: 60_000 },
  async () => {
    const lab = await startLibvirtd();
    try {
      const uri = 'qemu:///system';
      const vmUuid = '3c0e9b1a5d0b4a6e9d8e0f6a2b7c4d11' as Uuid;
      const xml = `<domain type='qemu'><name>x</name><uuid>${vmUuid}</uuid><memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os><devices/></domain>`;
      await lab.shell.run(['sh', '-c', 'cat | virsh -c "$1" define /dev/stdin', 'sh', uri], { input: xml });
      const change = async (verb: 'attach-device' | 'detach-device') => {
        const where = { live: false, config: true };
        const { exitCode, stderr } = await changeDevice(lab.shell, verb, {
          libvirtUri: uri,
          vmUuid,
          address,
          where,
        });
        return exitCode === 0 ? 'done' : explainFailure(stderr, []);
      };
      expect(await change('attach-device')).toBe('done');
      expect(await change('attach-device')).toMatch(/already in the domain configuration/);
      expect(await change('detach-device')).toBe('done');
      expect(await change('detach-device')).toMatch(/device not found/);
    } finally {
      await lab.close();
    }
  },
);
