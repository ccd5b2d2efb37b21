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
  readonly pids: readonly number[];
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
    pids: [],
  };
  write(record);
  let removed = false;
  const setPids = (pids: readonly number[]): void => {
    if (removed) return;
    record = { ...record, pids };
    write(record);
  };
  return {
    addProcess: (pid) => setPids([...record.pids, pid]),
    removeProcess: (pid) => setPids(record.pids.filter((other) => other !== pid)),
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

/** Kills those of `pids` whose command line carries the lab's mark: a pid may be somebody else's by now. */
async function killMarked(pids: readonly number[], mark: string): Promise<number> {
  const ours = [...new Set(pids)].filter((pid) => commandLineOf(pid)?.includes(mark) === true);
  for (const pid of ours) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  await waitFor('end of left-over processes', 5000, () =>
    ours.every((pid) => commandLineOf(pid)?.includes(mark) !== true) ? true : undefined,
  );
  return ours.length;
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
  // A process that was started just before the crash may not be in the file yet, but it is in the namespace.
  const inside = await unlessGone(run('ip', ['netns', 'pids', namespace]));
  const pids = inside.split('\n').filter(Boolean).map(Number);
  const killed = await killMarked([...record.pids, ...pids], folderName(id));
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
