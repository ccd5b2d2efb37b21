import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from '../../hardware-lab/processes.ts';
import { folderName, namespaceName, removeLeftovers } from '../../hardware-lab/state.ts';
import { needLab } from './need-lab.ts';

interface SmallLab {
  readonly child: ChildProcess;
  readonly id: string;
  readonly folder: string;
}

async function startSmallLab(): Promise<SmallLab> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('./small-lab.ts', import.meta.url))],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const [id = '', folder = ''] = line.toString().trim().split(' ');
  return { child, id, folder };
}

/** Command names of everything that carries the lab's mark, sorted. */
async function processesOf(id: string): Promise<string[]> {
  const all = await run('ps', ['-eo', 'comm=,args=']);
  return all
    .split('\n')
    .filter((line) => line.includes(folderName(id)))
    .map((line) => line.split(' ')[0] ?? '')
    .toSorted();
}

async function traces({ id, folder }: SmallLab): Promise<unknown> {
  return {
    namespace: (await run('ip', ['netns', 'list'])).includes(namespaceName(id)),
    processes: await processesOf(id),
    folder: existsSync(folder),
    state: existsSync(`/run/rackwright-lab/${id}.json`),
  };
}

const nothing = { namespace: false, processes: [], folder: false, state: false };
const everything = {
  namespace: true,
  processes: ['ipmi_sim', 'qemu-system-x86'],
  folder: true,
  state: true,
};

describe.skipIf(!needLab('bios'))('cleaning up', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('takes everything down on %s', async (signal) => {
    const lab = await startSmallLab();
    expect(await traces(lab)).toMatchObject({ namespace: true, folder: true, state: true });
    lab.child.kill(signal);
    const [code] = (await once(lab.child, 'exit')) as [number];
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(await traces(lab)).toEqual(nothing);
  });

  it('clears away what a killed lab left, and nothing of a lab that lives', async () => {
    const [dead, alive] = await Promise.all([startSmallLab(), startSmallLab()]);
    try {
      dead.child.kill('SIGKILL');
      await once(dead.child, 'exit');
      expect(await traces(dead)).toMatchObject({
        ...everything,
        // The gate ends by itself, some time or other.
        processes: expect.arrayContaining(everything.processes),
      });
      // Both at once, as two labs that start together would.
      const said = (await Promise.all([removeLeftovers(), removeLeftovers()])).flat();
      expect(said.some((line) => line.includes(dead.id))).toBe(true);
      expect(said.some((line) => line.includes(alive.id))).toBe(false);
      expect(await traces(dead)).toEqual(nothing);
      expect(await processesOf(alive.id)).toEqual(expect.arrayContaining(everything.processes));
    } finally {
      alive.child.kill('SIGTERM');
      await once(alive.child, 'exit');
    }
    expect(await traces(alive)).toEqual(nothing);
  });
});
