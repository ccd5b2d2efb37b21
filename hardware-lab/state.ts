import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commandLineOf, run, startTimeOf, waitFor } from './processes.ts';

const stateFolder = '/run/rackwright-lab';

/** What a lab leaves in its state file, enough to clear it away when it could not do so itself. */
interface LabRecord {
  readonly id: string;
  readonly ownerPid: number;
  readonly ownerStart: string;
  readonly namespace: string;
  readonly folder: string;
  /** With its start time a pid names one process for good; see startTimeOf. */
  readonly processes: readonly { readonly pid: number; readonly start: string }[];
}

/** State file of a running lab; every change is on disk when the call returns. */
export interface LabState {
  addProcess(pid: number): void;
  removeProcess(pid: number): void;
  /** Ends what still runs, removes the namespace, the folder unless it is kept, and last this file. May be called twice. */
  clear(keepFolder: boolean): Promise<void>;
}

function write(record: LabRecord): void {
  const path = join(stateFolder, `${record.id}.json`);
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Writes the state file of a lab that belongs to this process; to be called before anything else of the lab is made. */
export function openState(id: string, namespace: string, folder: string): LabState {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  let record: LabRecord = {
    id,
    ownerPid: process.pid,
    ownerStart: startTimeOf(process.pid) ?? '',
    namespace,
    folder,
    processes: [],
  };
  write(record);
  let removed = false;
  const setProcesses = (processes: LabRecord['processes']): void => {
    if (removed) return;
    record = { ...record, processes };
    write(record);
  };
  return {
    addProcess: (pid) => setProcesses([...record.processes, { pid, start: startTimeOf(pid) ?? '' }]),
    removeProcess: (pid) => setProcesses(record.processes.filter((other) => other.pid !== pid)),
    async clear(keepFolder) {
      removed = true;
      await clear(record, keepFolder);
    },
  };
}

/** Name of a lab's working folder; it stands in the command line of all its processes and so marks them as the lab's. */
export function folderName(id: string): string {
  return `rackwright-lab-${id}`;
}

/** Name of a lab's network namespace. */
export function namespaceName(id: string): string {
  return `rwlab-${id}`;
}

/**
 * Kills what the lab started and nothing else: a recorded pid may be somebody else's by now, and somebody may look around inside the
 * namespace with a shell of his own. `inside` are the pids in the namespace: a process that was started just before a crash may not
 * be on record, but its command line carries the lab's mark.
 */
async function killProcesses({ id, processes }: LabRecord, inside: readonly number[]): Promise<number> {
  const isMarked = (pid: number): boolean => commandLineOf(pid)?.includes(folderName(id)) === true;
  const marked = inside.filter(isMarked).map((pid) => ({ pid, start: startTimeOf(pid) ?? '' }));
  const lives = ({ pid, start }: { pid: number; start: string }): boolean =>
    startTimeOf(pid) === start && commandLineOf(pid) !== undefined;
  const ours = [...processes, ...marked].filter(lives);
  for (const { pid } of ours) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  await waitFor('end of left-over processes', 5000, () => (ours.some(lives) ? undefined : true));
  return new Set(ours.map(({ pid }) => pid)).size;
}

async function hasNamespace(name: string): Promise<boolean> {
  return (await run('ip', ['netns', 'list'])).split('\n').some((line) => line.split(' ')[0] === name);
}

/** Two labs that start together may both clear away the same dead one, so whatever is gone already is fine. */
async function clear(record: LabRecord, keepFolder: boolean): Promise<string> {
  const { id } = record;
  const namespace = namespaceName(id);
  const unlessGone = async (work: Promise<string>): Promise<string> => {
    try {
      return await work;
    } catch (error) {
      if (await hasNamespace(namespace)) throw error;
      return '';
    }
  };
  const inside = await unlessGone(run('ip', ['netns', 'pids', namespace]));
  const killed = await killProcesses(record, inside.split('\n').filter(Boolean).map(Number));
  await unlessGone(run('ip', ['netns', 'del', namespace]));
  if (!keepFolder && basename(record.folder) === folderName(id)) {
    rmSync(record.folder, { recursive: true, force: true });
  }
  rmSync(join(stateFolder, `${id}.json`), { force: true });
  return `removed what lab ${id} left behind: ${killed} processes, its namespace, its files`;
}

/** Clears away labs whose owner is dead (a crash, a kill -9); answers one line for each. Labs of the living are not touched. */
export async function removeLeftovers(): Promise<readonly string[]> {
  let files: string[];
  try {
    files = readdirSync(stateFolder).filter((name) => /^[0-9a-f]+\.json$/.test(name));
  } catch {
    return [];
  }
  const lines: string[] = [];
  for (const file of files) {
    let record: LabRecord;
    try {
      record = JSON.parse(readFileSync(join(stateFolder, file), 'utf8')) as LabRecord;
    } catch {
      continue; // Another lab that starts now took it away first.
    }
    if (record.id !== basename(file, '.json')) continue;
    if (startTimeOf(record.ownerPid) === record.ownerStart) continue;
    lines.push(await clear(record, false));
  }
  return lines;
}
