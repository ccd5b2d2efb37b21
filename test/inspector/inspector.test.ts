import { closeSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildInspector, defaultCache } from '../../inspector/build.ts';
import type { BootFiles } from '../../inspector/builder/outputs.ts';
import {
  makeBootLan,
  needBootLan,
  type BootLan,
  type Machine,
  type RecordedRequest,
} from '../support/boot-lan.ts';

const uuid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
const macs = ['52:54:00:00:02:01', '52:54:00:00:02:02'] as const;

describe.skipIf(!needBootLan())('inspector', () => {
  let files: BootFiles;
  let lan: BootLan;
  const lines: string[] = [];
  const out = join(defaultCache, 'inspector');

  beforeAll(async () => {
    files = await buildInspector({ out, cache: defaultCache, log: (line) => lines.push(line) });
    lan = await makeBootLan({
      '/report/bios': { statuses: [204] },
      '/report/uefi': { statuses: [503, 204] },
    });
  }, 300_000);
  afterAll(() => lan?.close());

  const boot = (path: string, append: string, args: Machine['args']): Promise<string> =>
    lan.boot({
      args: [['-M', 'q35'], ['-uuid', uuid], ...args],
      kernel: {
        ...files,
        append: `console=tty0 console=ttyS0 rackwright.report=http://${lan.server}:8000${path} ${append}`,
      },
      nics: [
        { model: 'e1000e', mac: macs[0] },
        { model: 'virtio-net-pci', mac: macs[1] },
      ],
      limitMs: 120_000,
    });
  const reports = (path: string): RecordedRequest[] =>
    lan.requests.filter((request) => request.path === path);
  const bodyOf = (path: string): Record<string, unknown> =>
    JSON.parse(reports(path).at(-1)?.body ?? '') as Record<string, unknown>;

  it('is built once, and small enough for a boot network', async () => {
    lines.length = 0;
    const before = statSync(files.initrd).mtimeMs;
    await buildInspector({ out, cache: defaultCache, log: (line) => lines.push(line) });
    expect(lines).toEqual([`inspector is up to date in ${out}`]);
    expect(statSync(files.initrd).mtimeMs).toBe(before);
    expect(statSync(files.initrd).size).toBeLessThan(15e6);
  });

  it('reports a BIOS machine with a disk and a stick, writes to neither, powers off', async () => {
    const images = ['disk', 'stick'].map((name) => join(lan.folder, name));
    for (const image of images) {
      closeSync(openSync(image, 'w'));
      truncateSync(image, 32 * 2 ** 20);
    }
    const said = await boot('/report/bios', `BOOTIF=01-${macs[1].replaceAll(':', '-')}`, [
      ['-smbios', 'type=1,manufacturer=Q"U\\E\u0007M\u00dc,serial=SER 1'],
      ['-drive', `file=${images[0]},format=raw,if=none,id=disk`],
      ['-device', 'virtio-blk-pci,drive=disk,serial=VD1'],
      ['-drive', `file=${images[1]},format=raw,if=none,id=stick`],
      ['-device', 'qemu-xhci'],
      ['-device', 'usb-storage,drive=stick,removable=on,serial=STICK1'],
    ]);
    expect(said).toContain('RACKWRIGHT INSPECTION REPORTED');
    expect(said).not.toContain('/report/bios');
    expect(reports('/report/bios')).toHaveLength(1);
    expect(reports('/report/bios')[0]).toMatchObject({ method: 'POST', contentType: 'application/json' });
    expect(bodyOf('/report/bios')).toMatchObject({
      schema: 1,
      bootif: macs[1],
      firmware: 'bios',
      cpu: { cores: 2 },
      system: { uuid, manufacturer: 'Q"U\\E\u0007M\u00dc', serial: 'SER 1' },
      disks: [
        { bus: 'usb', removable: true, sizeBytes: 32 * 2 ** 20, serial: 'STICK1' },
        { name: 'vda', bus: 'virtio', removable: false, sizeBytes: 32 * 2 ** 20, serial: 'VD1' },
      ],
    });
    const { nics } = bodyOf('/report/bios') as { nics: Record<string, unknown>[] };
    expect(nics.toSorted((a, b) => String(a['mac']).localeCompare(String(b['mac'])))).toMatchObject([
      { mac: macs[0], link: true, pxe: false, driver: 'e1000e', speed: 1000, ip: null },
      {
        mac: macs[1],
        link: true,
        pxe: true,
        driver: 'virtio_net',
        ip: expect.stringMatching(/^192\.0\.2\./),
      },
    ]);
    for (const image of images) expect(readFileSync(image).every((byte) => byte === 0)).toBe(true);
  }, 130_000);

  it('reports a diskless UEFI machine without BOOTIF to a server that is not ready at first', async () => {
    const said = await boot('/report/uefi', '', [['-bios', '/usr/share/ovmf/OVMF.fd']]);
    expect(said).toContain('RACKWRIGHT INSPECTION REPORTED');
    expect(reports('/report/uefi').map(({ status }) => status)).toEqual([503, 204]);
    expect(bodyOf('/report/uefi')).toMatchObject({ bootif: null, firmware: 'uefi', disks: [] });
    const { nics } = bodyOf('/report/uefi') as { nics: Record<string, unknown>[] };
    expect(nics.filter((nic) => nic['pxe'] === true && nic['ip'] !== null)).toHaveLength(1);
  }, 130_000);
});
