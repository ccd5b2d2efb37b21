import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { checkInstalledSystem, diskBootMark } from '../../hardware-lab/journey.ts';
import { buildRamdisks } from '../../hardware-lab/ramdisks.ts';
import { type Rack, startRack } from '../../hardware-lab/rack.ts';
import { sleep } from '../../hardware-lab/processes.ts';
import type { Machine } from '../../hardware-lab/machine.ts';
import type { LabFirmware } from '../../hardware-lab/qemu-command.ts';
import type { Racked } from '../../hardware-lab/technician.ts';
import { expectWholeRecord, hang, showsItsScreen, whatHangs } from './consoles.ts';
import { needLab } from './need-lab.ts';

let rack: Rack;
afterEach(async () => {
  await rack?.close(process.env['RACKWRIGHT_KEEP'] === 'true' ? 'logs' : 'nothing');
});

const rootPassword = 'lab-root-password';
const minutes = 60_000;

async function raise(...firmwares: readonly LabFirmware[]): Promise<Racked> {
  const ramdisks = await buildRamdisks(() => undefined);
  const kernelArguments = ['console=ttyS0,115200'];
  rack = await startRack({
    machines: firmwares,
    rackwright: {
      inspector: { ...ramdisks.inspector, kernelArguments },
      installer: { ...ramdisks.installer, kernelArguments: ['console=tty0', ...kernelArguments] },
    },
  });
  await rack.technician.createPxeServer();
  return enter(0);
}

async function enter(index: number): Promise<Racked> {
  const one = rack.machines[index];
  if (!one) throw new Error('no machine');
  return rack.technician.createChassis(one.machine, one.bmc, index);
}

/** Steps of the newest run, in order. */
async function steps(racked: Racked): Promise<readonly string[]> {
  return ((await rack.technician.timeline(racked))?.entries ?? []).map((entry) => entry.step);
}

/** Asks again until `value` answers something; an API that is down for a moment counts as not yet. */
async function until<T>(what: string, ms: number, value: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + ms;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const found = await value();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    await sleep(200);
  }
  throw new Error(`waited ${ms / 1000} s in vain for ${what}`, { cause: last });
}

interface LeaseRow {
  readonly ip: string;
  readonly mac: string;
}

/** The leases of a machine on disk. The server holds its database for itself alone, so that a copy of its files is read. */
function leases({ macs }: Machine): readonly LeaseRow[] {
  const copy = mkdtempSync(join(rack.folder, 'copy-'));
  for (const name of readdirSync(rack.rackwright.dataDirectory)) {
    if (name.startsWith('rackwright.sqlite') && !name.endsWith('-shm')) {
      copyFileSync(join(rack.rackwright.dataDirectory, name), join(copy, name));
    }
  }
  const db = new Database(join(copy, 'rackwright.sqlite'));
  try {
    return db
      .prepare<[], LeaseRow>("SELECT ip, mac FROM lease WHERE state = 'bound' ORDER BY ip")
      .all()
      .filter(({ mac }) => macs.includes(mac));
  } finally {
    db.close();
    rmSync(copy, { recursive: true });
  }
}

/** HTTP status of a GET that another machine makes under a stolen address, which it holds for that moment only. */
async function statusFrom(address: string, url: string): Promise<string> {
  const { topology } = rack;
  await topology.run('ip', ['addr', 'add', `${address}/32`, 'dev', 'rack0']);
  try {
    const out = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-m', '5'];
    return await topology.run('curl', [...out, '--interface', address, url]);
  } finally {
    await topology.run('ip', ['addr', 'del', `${address}/32`, 'dev', 'rack0']);
  }
}

/** Sessions that the BMC has, with the one that asks. */
async function bmcSessions({ machine, bmc }: Racked): Promise<number> {
  const passwordFile = join(rack.folder, machine.name, 'ipmitool-password');
  writeFileSync(passwordFile, bmc.password, { mode: 0o600 });
  const login = ['-I', 'lanplus', '-C', '3', '-H', bmc.address, '-U', bmc.username, '-f', passwordFile];
  const told = await rack.topology.run('ipmitool', [...login, 'session', 'info', 'all']);
  return Number(/active sessions\s*: (\d+)/.exec(told)?.[1]);
}

/** Every text that anybody could read later: logs, serial consoles, and the argv of the rack's processes. */
function traces(): readonly (readonly [string, string])[] {
  const logs = readdirSync(rack.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
    .map((entry) => join(entry.parentPath, entry.name));
  const argv = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => `/proc/${pid}/cmdline`);
  return [...logs, ...argv].flatMap((file) => {
    try {
      return [[file, readFileSync(file, 'utf8')] as const];
    } catch {
      return [];
    }
  });
}

function expectNoSecretIn(texts: readonly (readonly [string, string])[], secrets: readonly string[]): void {
  expect(texts.length).toBeGreaterThan(3);
  for (const [file, text] of texts) {
    for (const secret of secrets) expect(text.includes(secret), `a secret in ${file}`).toBe(false);
  }
}

describe.skipIf(!needLab('bios', 'uefi'))('the whole road', () => {
  it.each(['bios', 'uefi'] as const)(
    'takes a powered-off %s machine to an installed host that boots from its disk',
    async (firmware) => {
      const racked = await raise(firmware, 'bios');
      const { technician } = rack;
      const { machine } = racked;
      expect(machine.isOn()).toBe(false);
      const hanging = await hang(technician, await enter(1));

      const hardware = await technician.inspect(racked, 4 * minutes);
      const inspection = await steps(racked);
      const order = ['start', 'boot-flag', 'power', 'dhcp-discover', 'dhcp-offer', 'dhcp-ack'];
      // The ROM of QEMU's BIOS machines is an iPXE with HTTP, which needs no loader; UEFI fetches one over TFTP.
      if (firmware === 'uefi') order.push('loader-start', 'loader-done');
      const late = ['script', 'kernel-start', 'kernel-done', 'initrd-start', 'initrd-done'];
      const seen = inspection.filter((step, index) => inspection.indexOf(step) === index);
      expect(
        seen.filter((step) =>
          [...order, ...late, 'loader-start', 'loader-done', 'inspected', 'power-off'].includes(step),
        ),
      ).toEqual([...order, ...late, 'inspected', 'power-off']);
      expect(machine.isOn()).toBe(false);
      expect((hardware['nic'] as unknown[]).length).toBe(3);

      await technician.describeHost(racked, hardware);
      const installation = technician.install(racked, 4 * minutes);
      installation.catch(() => undefined);
      const screen = showsItsScreen(technician, racked, installation);
      screen.catch(() => undefined);

      // The machine's own console shows the URL that only its script had.
      const kickstartUrl = await until(
        'the kickstart URL',
        3 * minutes,
        async () => /inst\.ks=(http:\/\/\S+\/ks\.cfg)/.exec(await machine.serial())?.[1],
      );
      // From another address of the segment; then, once it was read, a second time from the address that holds the lease.
      expect((await rack.gate.fetch(kickstartUrl)).status).toBe(403);
      await until('the kickstart read', minutes, async () => (await steps(racked)).includes('kickstart'));
      const [lease] = leases(machine);
      expect(await statusFrom(lease?.ip ?? '', kickstartUrl)).toBe('410');
      expect(await installation).toEqual(['Rebooting', 'Provisioning', 'Provisioned']);
      const told = (await technician.timeline(racked))?.entries ?? [];
      expect(told.filter(({ step }) => step === 'kickstart')).toHaveLength(1);
      expect(told.filter(({ step }) => step === 'kickstart-refused')).toHaveLength(2);
      const vncPassword = await screen;
      expect(JSON.stringify(told)).not.toContain(vncPassword);
      expect(JSON.stringify(told)).not.toContain(kickstartUrl.split('/').at(-2));
      expect(await bmcSessions(racked)).toBe(2);

      expect(leases(machine)).toEqual([{ ip: lease?.ip, mac: machine.macs[0] }]);

      // Marker, address and bond, as the system that booted from the disk tells them itself.
      await machine.waitForSerial('RACKWRIGHT-LAB DISK READY', minutes);
      const serial = await machine.serial();
      expect(checkInstalledSystem(serial, 0)).toContain('802.3ad');
      expect(serial).toMatch(/RACKWRIGHT-LAB BOND bond0 mode=802\.3ad slaves=\w+,\w+ mii=up/);
      const printed = await expectWholeRecord(rack, racked);
      const boots = machine.powerLog().flatMap(({ event, boot }) => (event === 'on' ? [boot] : []));
      expect(boots).toEqual(['network-once', 'network-once', 'disk']);
      expect(machine.bootFlag()).not.toBe('pxe');

      expect(await technician.provisionIsRefused(racked)).toMatch(/Unprovisioned/);
      await technician.powerOff(racked);
      expect(printed.firmware).toContain(firmware === 'bios' ? 'SeaBIOS (version' : 'Start PXE over IPv4');
      await whatHangs(technician, hanging);
      const bmcs = rack.machines.map(({ bmc }) => bmc.password);
      expectNoSecretIn(traces(), [rootPassword, vncPassword, rack.rackwright.adminPassword, ...bmcs]);
    },
    6 * minutes,
  );

  it(
    'survives kill -9 in mid-inspection and in mid-installation without losing a lease',
    async () => {
      const racked = await raise('bios');
      const { technician, rackwright } = rack;
      const { machine } = racked;
      const actions = `/baremetal/chassis/${racked.chassisUuid}/actions`;
      const restart = async (): Promise<void> => {
        await rackwright.crash();
        await sleep(1000);
        await rackwright.start();
      };

      await technician.client.act(actions, 'provisionBaremetalHost');
      await until('the initrd', 2 * minutes, async () => (await steps(racked)).includes('initrd-start'));
      const before = leases(machine);
      expect(before).toHaveLength(1);
      await restart();
      const rows = await until('hardware info', 3 * minutes, async () => {
        const found = await technician.client.query(
          '/baremetal/hardwareinfo',
          `chassisUuid=${racked.chassisUuid}`,
        );
        return (await technician.chassisStatus(racked)) === 'Unprovisioned' && found.length === 5 && found;
      });
      expect(await steps(racked)).toContain('restarted');
      expect(leases(machine)).toEqual(before);

      const hardware = Object.fromEntries(
        rows.map((row) => [String(row['type']), JSON.parse(String(row['content'])) as unknown]),
      );
      await technician.describeHost(racked, hardware);
      await technician.client.act(actions, 'provisionBaremetalHost');
      await until(
        'Provisioning',
        2 * minutes,
        async () => (await technician.chassisStatus(racked)) === 'Provisioning',
      );
      await restart();
      await until(
        'Provisioned',
        3 * minutes,
        async () => (await technician.chassisStatus(racked)) === 'Provisioned',
      );
      expect(leases(machine)).toEqual(before);
      await machine.waitForSerial(diskBootMark, minutes);
      expect(machine.powerLog().filter(({ boot }) => boot === 'network-once')).toHaveLength(2);
    },
    8 * minutes,
  );
});
