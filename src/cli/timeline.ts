import type { Answer } from './client.ts';
import { rowsOf } from './client.ts';
import { plain, renderBytes } from './output.ts';

/** What a run is waiting for, or how it ended, in words for the person before the machine. */
const stageWords: Readonly<Record<string, string>> = {
  powering: 'the BMC is being told to boot from the network',
  'awaiting-dhcp': 'powered on; no DHCP request from it yet',
  'awaiting-loader': 'it asked for an address; it has not fetched its boot loader yet',
  'awaiting-script': 'the boot loader is on its way; iPXE has not asked for its script yet',
  'awaiting-kernel': 'iPXE has its script; the kernel has not been fetched yet',
  'awaiting-initrd': 'the kernel is fetched; the initrd is not complete yet',
  'awaiting-begin': 'everything is fetched; the installer or inspector has not reported yet',
  working: 'the installer or inspector is at work',
  finishing: 'the work is reported done; the last step is open',
  done: 'done',
  failed: 'failed',
};

function seconds(from: unknown, to: unknown): string {
  return typeof from === 'number' && typeof to === 'number' ? `+${((to - from) / 1000).toFixed(1)} s` : '';
}

/** One line of a timeline; `startedAt` is the run's start in ms since the epoch. */
export function renderEntry(entry: Answer, startedAt: unknown): string {
  const size = typeof entry['bytes'] === 'number' ? ` (${renderBytes(entry['bytes'])})` : '';
  const time = seconds(startedAt, entry['at']).padStart(10);
  return `${time}  ${plain(entry['step']).padEnd(16)} ${plain(entry['text'])}${size}`;
}

/** The entries of a run's inventory. */
export function entriesOf(run: Answer): readonly Answer[] {
  return rowsOf(run, 'entries');
}

/** Why a machine is where it is: its state, the cause in words, and what it did. */
export function renderWhy(chassis: Answer, run: Answer | undefined): string {
  const title = `${plain(chassis['name'])} (${plain(chassis['uuid'])}) is ${plain(chassis['status'])}`;
  const stored = chassis['statusCause'] === undefined ? [] : [`cause: ${plain(chassis['statusCause'])}`];
  if (run === undefined) return [title, ...stored, 'it has not been provisioned yet'].join('\n');
  const stage = plain(run['stage']);
  const kind = run['kind'] === 'install' ? 'installation' : 'inspection';
  const cause = run['cause'] === undefined ? stored : [`cause: ${plain(run['cause'])}`];
  return [
    title,
    `last ${kind}, begun ${plain(run['startDate'])}: ${stageWords[stage] ?? stage}`,
    ...cause,
    ...entriesOf(run).map((entry) => renderEntry(entry, run['startedAt'])),
  ].join('\n');
}
