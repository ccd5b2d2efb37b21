import { expect, it } from 'vitest';
import { createProgress, readBounded } from '../../src/cli/io.ts';
import { PassThrough, Readable } from 'node:stream';
import { Sink } from './cli-world.ts';

const open = (isTTY: boolean, columns = 80) => {
  const stderr = Object.assign(new Sink(), { isTTY, columns });
  return {
    stderr,
    progress: createProgress({ env: {}, stdin: new PassThrough(), stdout: new Sink(), stderr }, 'job'),
  };
};

it('rewrites one line on a terminal, cut to its width and without control characters', () => {
  const { stderr, progress } = open(true, 30);
  progress.onWait(999, 'early');
  expect(stderr.text).toBe('');
  progress.onWait(1000);
  progress.onWait(65_500, `a\nb${'x'.repeat(100)}`);
  progress.done();
  const lines = stderr.text.split('\r\u001b[K');
  expect(lines).toEqual(['', 'job ... 1 s', `job: a?b${'x'.repeat(12)} ... 65 s`, '']);
  expect(lines.every((line) => line.length < 30)).toBe(true);
});

it('says once elsewhere that it runs', () => {
  const { stderr, progress } = open(false);
  for (const elapsed of [500, 1000, 2000]) progress.onWait(elapsed, 'stage');
  progress.done();
  expect(stderr.text).toBe('job ...\n');
});

it('reads no more of a stream than it may', async () => {
  const parts = () => Readable.from(['ab', Buffer.from('cd')]);
  expect(Buffer.from((await readBounded(parts(), 4)) ?? []).toString()).toBe('abcd');
  expect(await readBounded(parts(), 3)).toBeUndefined();
});
