import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import { openStore } from '../../src/store/index.ts';
import { needTools } from '../support/need.ts';
import { pathsIn, random } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const program = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));

function startWriter(directory: string): { child: ChildProcess; lines: string[]; first: Promise<unknown> } {
  const child = spawn(process.execPath, ['--import', 'tsx', program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return { child, lines, first: once(child.stdout, 'data') };
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

it('has every write that it answered for, whenever the process is killed', async () => {
  const directory = temporaryDirectory();
  const told: string[] = [];
  for (let round = 0; round < 10; round++) {
    const { child, lines, first } = startWriter(directory);
    await first;
    await new Promise((resolve) => setTimeout(resolve, 7 + round * 13));
    await kill(child);
    expect(lines.length).toBeGreaterThan(5);
    told.push(...lines);

    const store = await storeIn(directory);
    const leases = new Set((await store.leases.load('1'.repeat(32) as Uuid)).map(({ ip }) => `lease ${ip}`));
    const steps = new Set<string>();
    for (const chassis of await store.provision.listChassis()) {
      const run = await store.provision.latestRun(chassis.uuid);
      const timeline = run === undefined ? [] : await store.provision.listTimeline(run.uuid);
      for (const { at } of timeline) steps.add(`step ${run?.uuid} ${chassis.uuid} ${at}`);
      // The run and its newest line were written together.
      expect(run?.stageSince).toBe(timeline.at(-1)?.at ?? 1_700_000_000_500);
    }
    await store.close();
    expect(told.filter((line) => !leases.has(line) && !steps.has(line))).toEqual([]);
  }
}, 120_000);

it('keeps a second process out, and is free at once when the first is killed', async () => {
  const directory = temporaryDirectory();
  const { child, first } = startWriter(directory);
  await first;
  child.kill('SIGSTOP');
  await expect(openStore({ ...pathsIn(directory), random })).rejects.toMatchObject({
    code: 'io',
    data: { reason: 'in-use' },
    message: expect.stringContaining('in use by another running process'),
  });
  await kill(child);
  await storeIn(directory);
  // In the same process too, and the refusal does not loosen the first one's hold.
  await expect(openStore({ ...pathsIn(directory), random })).rejects.toMatchObject({
    data: { reason: 'in-use' },
  });
  const other = spawnSync(process.execPath, ['--import', 'tsx', program, directory, '1'], {
    encoding: 'utf8',
  });
  expect(other.stderr).toContain('in use by another running process');
}, 60_000);

describe.skipIf(!needTools({ tool: 'strace', package: 'strace' }))('as the kernel sees it', () => {
  it('flushes the log before a write is answered for', () => {
    const directory = temporaryDirectory();
    const trace = join(directory, 'trace');
    const calls = 'trace=pwrite64,write,fdatasync,fsync';
    const command = [
      '-f',
      '-y',
      '-s',
      '16',
      '-o',
      trace,
      '-e',
      calls,
      process.execPath,
      '--import',
      'tsx',
      program,
    ];
    const { status, stderr } = spawnSync('strace', [...command, directory, '20'], { encoding: 'utf8' });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    let dirty = false;
    let answers = 0;
    const early: string[] = [];
    let flushes = 0;
    for (const line of readFileSync(trace, 'utf8').split('\n')) {
      if (/ pwrite64\(\d+<[^>]*\.db-wal>/.test(line)) dirty = true;
      if (/ f(?:data)?sync\(\d+<[^>]*\.db-wal>/.test(line)) {
        dirty = false;
        flushes++;
      }
      if (/ write\(1<.*"(?:lease|step) /.test(line)) {
        answers++;
        if (dirty) early.push(line);
      }
    }
    expect(early).toEqual([]);
    expect(answers).toBe(120);
    // One flush for the six writes of a round.
    expect(flushes).toBeGreaterThanOrEqual(20);
    expect(flushes).toBeLessThan(40);
  }, 60_000);
});
