import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { checkInstalledSystem } from '../../hardware-lab/journey.ts';
import { createPrinter, renderSummary } from '../../hardware-lab/report.ts';

const good = [
  'RACKWRIGHT-LAB INSTALLED 0123456789abcdef',
  '[    0.000000] Linux version 6.1.0',
  'RACKWRIGHT-LAB DISK BOOT 0123456789abcdef',
  '    inet 192.0.2.51/24 scope global eth0',
  'RACKWRIGHT-LAB BOND bond0 mode=802.3ad slaves=eth1,eth2 mii=up addr=203.0.113.11/24',
  'RACKWRIGHT-LAB DISK READY',
].join('\r\n');

it('accepts the system that was installed, with the network that was asked for', () => {
  expect(checkInstalledSystem(good, 0)).toContain('mode=802.3ad slaves=eth1,eth2');
});

it.each([
  ['another system on the disk', good.replace('BOOT 0123', 'BOOT 9999')],
  ['no installation before', good.replace('INSTALLED', 'REFUSED:')],
  ['an address of the installer only', good.replace(/(RACKWRIGHT-LAB DISK BOOT.*\r\n)(.*\r\n)/, '$2$1')],
  ['another bonding mode', good.replace('802.3ad', 'active-backup')],
  ['one slave', good.replace('eth1,eth2', 'eth1')],
  ['no address on the bond', good.replace('addr=203.0.113.11/24', 'addr=')],
])('refuses %s', (_, serial) => {
  expect(() => checkInstalledSystem(serial, 0)).toThrow(/disk|NIC|bond/);
});

it('shows a machine that failed on its way with the stages that it reached', () => {
  const table = renderSummary([
    { machine: 'm1', firmware: 'bios', ok: true, stages: { inspect: 20.4, install: 31 } },
    { machine: 'm2', firmware: 'bios', ok: false, stages: { inspect: 21 }, reason: 'x' },
  ]);
  expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['machine', 'firmware', 'inspect', 'install', 'result'],
    ['m1', 'bios', '20.4 s', '31.0 s', 'ok'],
    ['m2', 'bios', '21.0 s', '-', 'FAILED'],
  ]);
});

it('ends with the result in JSON, one object a line', () => {
  const lines: string[] = [];
  const printer = createPrinter(true, (line) => lines.push(line));
  printer.report({ machine: 'm1', step: 'tftp-done', text: 'two\nlines' });
  printer.summary([], { result: 'failed', firmware: 'uefi', machines: 1, stages: {}, reason: 'why' });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ machine: 'm1', step: 'tftp-done', text: 'two\nlines' }),
    { result: 'failed', firmware: 'uefi', machines: 1, stages: {}, reason: 'why' },
  ]);
});

it.each([
  [['--firmware', 'efi'], 'bios or uefi'],
  [['--machines', '0'], 'from 1 to 40'],
  [['--frobnicate'], 'frobnicate'],
])('refuses %j and shows the help', (args, text) => {
  const lab = spawnSync(process.execPath, ['--import', 'tsx', 'hardware-lab/main.ts', ...args], {
    encoding: 'utf8',
  });
  expect(lab.status).toBe(2);
  expect(lab.stderr).toContain(text);
  expect(lab.stderr).toContain('Usage: npm run lab');
  expect(lab.stdout).toBe('');
});
