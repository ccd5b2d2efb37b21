import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { seededRandom } from '../../support/faults.ts';
import { endOnDisk, readToEnd, scratchDirectory, scratchRecord } from './scratch-record.ts';

/** Appends in a process of its own and kills it after so many rounds of output. */
async function appendAndKill(directory: string, dots: number): Promise<void> {
  const script = fileURLToPath(new URL('appending-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let seen = 0;
  const exit = once(child, 'exit');
  for await (const chunk of child.stdout) {
    seen += (chunk as Buffer).length;
    if (seen >= dots) child.kill('SIGKILL');
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
}

it('after kill -9 the record opens with all that is on disk, goes on there, and says that some may be missing', async () => {
  const directory = scratchDirectory();
  const random = seededRandom(11);
  let before = 0;
  for (let kills = 0; kills < 5; kills++) {
    await appendAndKill(directory, 20 + Math.floor(random() * 200));
    const record = await scratchRecord(directory);
    const { start, end } = record.kept();
    expect(end).toBe(endOnDisk(directory));
    expect(end).toBeGreaterThan(before);
    before = end;
    const { pieces, jumps, marks } = await readToEnd(record, start, 64 * 1024);
    expect(jumps).toEqual([]);
    expect(marks.at(-1)).toMatchObject({ kind: 'gap', offset: end });
    expect(marks.every(({ offset }) => offset >= start && offset <= end)).toBe(true);
    const text = Buffer.concat(pieces.map(({ bytes }) => bytes)).toString('latin1');
    const first = (32 - (start % 32)) % 32;
    for (let at = first; at + 32 <= text.length; at += 32)
      expect(text.slice(at, at + 32)).toBe(`${`line at ${start + at} `.padEnd(31, '.')}\n`);
    await record.close();
  }
}, 60_000);
