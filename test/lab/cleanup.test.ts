import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commandLineOf, run } from '../../hardware-lab/processes.ts';
import { folderName, namespaceName, removeLeftovers } from '../../hardware-lab/state.ts';
import { needLab } from './need-lab.ts';

interface SmallLab {
  readonly child: ChildProcess;
  readonly id: string;
  readonly folder: string;
  readonly sleeper: number;
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
  const [id = '', folder = '', sleeper = ''] = line.toString().trim().split(' ');
  return { child, id, folder, sleeper: Number(sleeper) };
}

/** Command names of everything that carries the lab's mark, and of its sleeper, sorted. */
async function processesOf({ id, sleeper }: SmallLab): Promise<string[]> {
  const all = await run('ps', ['-eo', 'comm=,pid=,stat=,args=']);
  return all
    .split('\n')
    .filter((line) => line.split(/ +/)[2]?.startsWith('Z') === false)
    .filter((line) => line.includes(folderName(id)) || line.split(/ +/)[1] === String(sleeper))
    .map((line) => line.split(' ')[0] ?? '')
    .toSorted();
}

async function traces(lab: SmallLab): Promise<unknown> {
  const { id, folder } = lab;
  return {
    namespace: (await run('ip', ['netns', 'list'])).includes(namespaceName(id)),
    processes: await processesOf(lab),
    folder: existsSync(folder),
    state: existsSync(`/run/rackwright-lab/${id}.json`),
  };
}

const nothing = { namespace: false, processes: [], folder: false, state: false };
const everything = {
  namespace: true,
  processes: ['ipmi_sim', 'qemu-system-x86', 'sleep'],
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
      expect(await processesOf(alive)).toEqual(expect.arrayContaining(everything.processes));
    } finally {
      alive.child.kill('SIGTERM');
      await once(alive.child, 'exit');
    }
    expect(await traces(alive)).toEqual(nothing);
  });

  it('spares a process that got the number of one of a dead lab', async () => {
    const bystander = spawn('sleep', ['86398']);
    const id = randomBytes(4).toString('hex');
    const record = {
      id,
      ownerPid: bystander.pid,
      ownerStart: '1',
      namespace: namespaceName(id),
      folder: join(tmpdir(), folderName(id)),
      processes: [{ pid: bystander.pid, start: '1' }],
    };
    try {
      mkdirSync('/run/rackwright-lab', { recursive: true, mode: 0o700 });
      writeFileSync(`/run/rackwright-lab/${id}.json`, JSON.stringify(record));
      expect((await removeLeftovers()).join()).toContain(`${id} left behind: 0 processes`);
      expect(existsSync(`/run/rackwright-lab/${id}.json`)).toBe(false);
      expect(commandLineOf(bystander.pid ?? 0)).toContain('86398');
    } finally {
      bystander.kill();
    }
  });
});
