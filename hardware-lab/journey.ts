import { messageOf } from '../src/base/errors.ts';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Rack, RackMachine } from './rack.ts';
import { sleep } from './processes.ts';
import { type MachineResult, seconds } from './report.ts';
import { nicsOf, type Racked, type Report, type Technician, wantedHost } from './technician.ts';

/** What the installed system prints on the serial port as soon as it boots from its disk; the installation's marker follows. */
export const diskBootMark = 'RACKWRIGHT-LAB DISK BOOT';
/** What the installed system prints on the serial port once it booted from its disk and its network is up. */
const diskReady = 'RACKWRIGHT-LAB DISK READY';

/**
 * Holds what the installed system says against what was asked for: it is the one that was installed just now, its PXE NIC and its
 * bond have their addresses. Answers the evidence; throws with what is missing.
 */
export function checkInstalledSystem(serial: string, index: number): string {
  const said = stripVTControlCharacters(serial);
  const installed = /RACKWRIGHT-LAB INSTALLED (\S+)/.exec(said)?.[1];
  const booted = /RACKWRIGHT-LAB DISK BOOT (\S+)/.exec(said)?.[1];
  if (installed === undefined || installed !== booted) {
    throw new Error(
      `the installer left ${installed ?? 'nothing'} on the disk, but ${booted ?? 'nothing'} booted`,
    );
  }
  const fromDisk = said.slice(said.indexOf(diskBootMark));
  const { ip, bondIp } = wantedHost(index);
  if (!fromDisk.includes(`inet ${ip}/24`)) throw new Error(`the installed system has no NIC with ${ip}/24`);
  const bond = /RACKWRIGHT-LAB BOND bond0 [^\r\n]*/.exec(fromDisk)?.[0] ?? 'no bond0';
  if (!/mode=802\.3ad slaves=\w+,\w+ /.test(bond) || !bond.includes(`addr=${bondIp}/24`)) {
    throw new Error(`the installed system's bond is not as asked for: ${bond}`);
  }
  return `${booted} is what was installed; ${ip}/24 on the PXE NIC; ${bond.replace('RACKWRIGHT-LAB BOND ', '')}`;
}

function describeHardware(hardware: Readonly<Record<string, unknown>>): string {
  const basic = hardware['basic'] as { cpu_model?: string; cpu_core?: string; memory?: string };
  const disks = (hardware['disk'] as readonly { name?: string; size?: string }[])
    .map(({ name = '?', size = '?' }) => `${name} ${size}`)
    .join(', ');
  const pci = (hardware['pci'] as readonly unknown[]).length;
  const nics = nicsOf(hardware)
    .map(({ mac, pxe }) => `${mac}${pxe ? ' (PXE)' : ''}`)
    .join(', ');
  return `${basic.cpu_model ?? '?'}, ${basic.cpu_core ?? '?'} cores, ${basic.memory ?? '?'}; NICs ${nics}; disks ${disks}; ${pci} PCI devices`;
}

/** Looks at the screen until `work` is done, and tells the newest picture of it. Never rejects because of the screen. */
async function watchScreen(
  technician: Technician,
  racked: Racked,
  work: Promise<unknown>,
): Promise<string | undefined> {
  let seen: string | undefined;
  const done = work.then(
    () => true,
    () => true,
  );
  do {
    const picture = await technician.screenshot(racked).catch(() => undefined);
    if (picture !== undefined) {
      seen = `${picture.width} x ${picture.height} pixels, ${picture.png.length} bytes of PNG`;
    }
  } while (!(await Promise.race([done, sleep(500).then(() => false)])));
  return seen;
}

/** Holds the record of the serial console against what the machine did; answers its size in bytes. */
async function checkConsole(technician: Technician, racked: Racked): Promise<number> {
  const record = await technician.consoleLog(racked);
  const text = Buffer.from(record).toString('latin1');
  for (const part of ['Linux version', 'RACKWRIGHT-LAB INSTALLED']) {
    if (!text.includes(part)) throw new Error(`the record of its serial console lacks ${part}`);
  }
  return record.length;
}

/**
 * Takes one machine from its BMC's address to an installed host that boots from its disk, over REST, and checks each claim against
 * the machine itself. Never rejects: the result says what failed.
 */
export async function travel(
  { topology, technician, rackwright }: Pick<Rack, 'topology' | 'technician' | 'rackwright'>,
  one: RackMachine,
  options: { readonly index: number; readonly deadline: number; readonly report: Report },
): Promise<MachineResult> {
  const { machine, bmc } = one;
  const { index, deadline } = options;
  const stages: Record<string, number> = {};
  const report = (step: string, text: string): void => options.report({ machine: machine.name, step, text });
  const remaining = (): number => Math.max(1000, deadline - Date.now());
  const stage = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const began = Date.now();
    const value = await work();
    stages[name] = seconds(Date.now() - began);
    report('stage', `${name}: ${stages[name].toFixed(1)} s`);
    return value;
  };
  const began = Date.now();
  machine.onPower(({ by, event, boot, text }) => {
    const details = [boot, text].filter((part) => part !== undefined).join(', ');
    report('power-log', `${event} by ${by}${details === '' ? '' : `: ${details}`}`);
  });
  try {
    const racked = await technician.createChassis(machine, bmc, index);
    report('chassis', `created, BMC login at ${bmc.address}:${bmc.port} works`);
    const hardware = await stage('inspect', () => technician.inspect(racked, remaining()));
    report('hardware', describeHardware(hardware));
    await technician.describeHost(racked, hardware);
    report('hostcfg', 'one NIC, one bond of two');
    const installing = stage('install', () => technician.install(racked, remaining()));
    const screen = watchScreen(technician, racked, installing);
    const seen = await installing;
    report('screen', (await screen) ?? 'it was gone before a picture could be taken');
    if (!seen.includes('Provisioning')) report('note', `statuses seen: ${seen.join(', ')}`);
    const serial = await stage('disk-boot', () => machine.waitForSerial(diskReady, remaining()));
    report('installed', checkInstalledSystem(serial, index));
    const { ip } = wantedHost(index);
    await topology.run('busybox', ['ping', '-c', '1', '-W', '5', ip]);
    report('ping', `${ip} answers`);
    report(
      'disk-boot',
      `the installed system runs; ${Math.round(statSync(machine.diskPath).blocks / 2048)} MiB on its disk`,
    );
    const records = join(rackwright.dataDirectory, 'consoles', 'chassis', racked.chassisUuid);
    const recorded = await checkConsole(technician, racked);
    report('console', `${recorded} bytes of the serial console in ${records}, which --keep keeps`);
    report('refused', await technician.provisionIsRefused(racked));
    await stage('power-off', () => technician.powerOff(racked));
    const pxeStarts = machine.powerLog().filter(({ boot }) => boot === 'network-once').length;
    if (pxeStarts !== 2)
      throw new Error(`${machine.name} booted from the network ${pxeStarts} times, not twice`);
    stages['total'] = seconds(Date.now() - began);
    return { machine: machine.name, firmware: machine.firmware, ok: true, stages };
  } catch (error) {
    const reason = messageOf(error);
    report('failed', reason);
    const tail = stripVTControlCharacters(await machine.serial())
      .split(/[\r\n]+/)
      .slice(-8);
    for (const line of tail) report('serial', line);
    return { machine: machine.name, firmware: machine.firmware, ok: false, stages, reason };
  }
}
