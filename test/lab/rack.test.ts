import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PowerEvent } from '../../hardware-lab/machine.ts';
import { waitFor } from '../../hardware-lab/processes.ts';
import { type Rack, type RackMachine, startRack } from '../../hardware-lab/rack.ts';
import { needLab } from './need-lab.ts';

/** Boot sector that asks the keyboard controller for a CPU reset: mov al,0xfe; out 0x64,al; hlt. */
const resets = [0xb0, 0xfe, 0xe6, 0x64, 0xf4, 0xeb, 0xfd];
/** Boot sector that powers a PIIX4 machine off: mov dx,0x604; mov ax,0x2000 (SLP_EN, S5); out dx,ax; hlt. ACPI 6.5 §4.8.3.2.1 */
const powersOff = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xf4, 0xeb, 0xfd];

async function writeBootSector(path: string, code: readonly number[]): Promise<void> {
  const sector = new Uint8Array(512);
  sector.set(code);
  sector.set([0x55, 0xaa], 510);
  const disk = await open(path, 'r+');
  await disk.write(sector, 0, 512, 0);
  await disk.close();
}

describe.skipIf(!needLab('bios', 'uefi'))('a rack with a BIOS and a UEFI machine', () => {
  let rack: Rack;

  /** ipmitool as a technician would use it, inside the rack's namespace; the password goes by file. */
  const ipmi = async ({ machine, bmc }: RackMachine, command: string): Promise<string> => {
    const passwordFile = join(rack.folder, machine.name, 'ipmitool-password');
    writeFileSync(passwordFile, bmc.password, { mode: 0o600 });
    const login = ['-I', 'lanplus', '-C', '3', '-H', bmc.address, '-U', bmc.username, '-f', passwordFile];
    return (await rack.topology.run('ipmitool', [...login, ...command.split(' ')])).trim();
  };
  const shortLog = (log: readonly PowerEvent[]): string[] =>
    log.map(({ by, event, boot, text }) =>
      `${by} ${event}${boot === undefined ? '' : ` ${boot}`} ${text ?? ''}`.trim(),
    );
  const machineOf = (firmware: 'bios' | 'uefi'): RackMachine =>
    rack.machines.find(({ machine }) => machine.firmware === firmware)!;

  beforeAll(async () => {
    rack = await startRack({ machines: ['bios', 'uefi'], accelerator: 'tcg' });
  });
  afterAll(() => rack?.close());

  it('is off until its BMC powers it on, and stays on with nothing to boot', async () => {
    const bios = machineOf('bios');
    expect(await ipmi(bios, 'chassis power status')).toBe('Chassis Power is off');
    await ipmi(bios, 'chassis power on');
    await bios.machine.waitForSerial('No bootable device', 10_000);
    expect(await ipmi(bios, 'chassis power status')).toBe('Chassis Power is on');
    expect(await bios.machine.serial()).not.toContain('Configuring (net0');
    await ipmi(bios, 'chassis power off');
    expect(await ipmi(bios, 'chassis power status')).toBe('Chassis Power is off');
    expect(shortLog(bios.machine.powerLog())).toEqual(['bmc on disk', 'bmc off']);
  });

  it.each(['bios', 'uefi'] as const)(
    "uses the %s machine's PXE flag for one start only",
    async (firmware) => {
      const tried = { bios: 'Configuring (net0', uefi: '>>Start PXE over IPv4' }[firmware];
      const gaveUp = { bios: 'No bootable device', uefi: 'EFI Internal Shell' }[firmware];
      const one = machineOf(firmware);
      const before = one.machine.powerLog().length;
      await ipmi(one, 'chassis bootdev pxe');
      expect(await ipmi(one, 'chassis bootparam get 5')).toContain('Force PXE');
      let from = (await one.machine.serial()).length;
      await ipmi(one, 'chassis power on');
      await one.machine.waitForSerial(tried, 20_000, from);
      expect(await ipmi(one, 'chassis bootparam get 5')).not.toContain('Force PXE');

      from = (await one.machine.serial()).length;
      await ipmi(one, 'chassis power reset');
      expect(await one.machine.waitForSerial(gaveUp, 20_000, from)).not.toContain(tried);
      await ipmi(one, 'chassis power off');
      expect(shortLog(one.machine.powerLog()).slice(before)).toEqual([
        'bmc boot-flag pxe',
        'bmc on network-once',
        'bmc reset',
        'bmc on disk',
        'bmc off',
      ]);
    },
  );

  it('starts again from its disk when the guest resets, and stays off when the guest powers off', async () => {
    const { machine } = machineOf('bios');
    const before = machine.powerLog().length;
    await writeBootSector(machine.diskPath, resets);
    await ipmi(machineOf('bios'), 'chassis power on');
    await waitFor('two resets by the guest', 10_000, () =>
      machine.powerLog().filter(({ by }) => by === 'guest').length >= 2 ? true : undefined,
    );
    await ipmi(machineOf('bios'), 'chassis power off');
    await writeBootSector(machine.diskPath, powersOff);
    const log = shortLog(machine.powerLog()).slice(before);
    expect(log.slice(0, 4)).toEqual(['bmc on disk', 'guest reset', 'guest on disk', 'guest reset']);
    expect(log.at(-1)).toBe('bmc off');

    await ipmi(machineOf('bios'), 'chassis power on');
    await waitFor('the guest powering off', 10_000, () =>
      machine.powerLog().at(-1)?.event === 'off' ? true : undefined,
    );
    expect(await ipmi(machineOf('bios'), 'chassis power status')).toBe('Chassis Power is off');
    expect(shortLog(machine.powerLog()).slice(-2)).toEqual(['bmc on disk', 'guest off guest-shutdown']);
  });

  it("tells the machine's own UUID as the BMC's System GUID", async () => {
    const { machine } = machineOf('uefi');
    const raw = await ipmi(machineOf('uefi'), 'raw 0x06 0x37');
    expect(raw.replaceAll(/\s/g, '')).toBe(machine.uuid.replaceAll('-', ''));
  });

  it('reports a QEMU that dies as a fault, not as a power-off by somebody', async () => {
    const { machine } = machineOf('bios');
    await writeBootSector(machine.diskPath, [0xf4, 0xeb, 0xfd]);
    await machine.powerOn('bmc');
    // Its answer may be lost: the lab clears away a QEMU that says it ends.
    await machine.monitor('quit').catch(() => undefined);
    const last = await waitFor('the power-off', 5000, () => {
      const event = machine.powerLog().at(-1);
      return event?.event === 'off' ? event : undefined;
    });
    expect(last.by).toBe('fault');
    expect(machine.isOn()).toBe(false);
  });

  it('reaches by HTTP what listens inside, and only there', async () => {
    const long = 'ü'.repeat(50_000);
    const program = `require('node:http').createServer((q, a) => {
      let body = ''; q.setEncoding('utf8'); q.on('data', (c) => { body += c; }); q.on('end', () => { a.statusCode = 202; a.end(q.method + q.url + body); });
    }).listen(8099, '192.0.2.1')`;
    const server = await rack.topology.start(process.execPath, ['-e', program], {
      logFile: join(rack.folder, 'test-server.log'),
    });
    const ask = (): ReturnType<typeof rack.gate.fetch> =>
      rack.gate.fetch('http://192.0.2.1:8099/a?b=c', { method: 'PUT', body: long });
    const answer = await waitFor('the server', 5000, () => ask().catch(() => undefined));
    expect(answer.status).toBe(202);
    expect(answer.text === `PUT/a?b=c${long}`).toBe(true);
    await expect(fetch('http://192.0.2.1:8099/', { signal: AbortSignal.timeout(500) })).rejects.toThrow(
      /fetch failed|timeout/,
    );
    await server.kill();
    await expect(ask()).rejects.toThrow(/hang up|ECONNRESET|EPIPE/);
  });

  it('keeps a wrong password out', async () => {
    const { machine, bmc } = machineOf('uefi');
    await expect(ipmi({ machine, bmc: { ...bmc, password: 'wrong' } }, 'chassis power on')).rejects.toThrow(
      /Unable to establish/,
    );
    expect(machine.isOn()).toBe(false);
  });
});
