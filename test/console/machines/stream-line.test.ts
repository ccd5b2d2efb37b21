import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { openStreamLine } from '../../../src/console/machines/stream-line.ts';
import type { SerialNews } from '../../../src/console/ports.ts';

const endText = 'the console ended';

/** Two ends of a stream, and a clock that is moved by hand. */
function world() {
  const typed: Buffer[] = [];
  const out = new PassThrough({ highWaterMark: 1024 });
  const stream = new Duplex({
    read: () => void out.resume(),
    write(chunk: Buffer, _encoding, done) {
      typed.push(chunk);
      done();
    },
  });
  out.on('data', (chunk: Buffer) => stream.push(chunk) || out.pause());
  out.on('end', () => stream.push(null));
  out.pause();
  const timers: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    after(_ms, run) {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
  };
  const news: SerialNews[] = [];
  const line = openStreamLine(stream, { clock, receive: (one) => news.push(one), endText });
  const taken = (): number =>
    news.reduce((sum, one) => sum + (one.kind === 'output' ? one.data.length : 0), 0);
  return { typed, out, stream, timers, news, line, taken };
}

describe('a serial line over a stream', () => {
  it('tells output in order, writes, and ends once with its reason', async () => {
    const w = world();
    w.out.write('boot');
    await vi.waitFor(() => expect(w.taken()).toBe(4));
    await w.line.write(new TextEncoder().encode('root'));
    expect(Buffer.concat(w.typed).toString()).toBe('root');
    expect(w.line.sendBreak).toBeUndefined();
    w.out.end();
    await vi.waitFor(() => expect(w.news.at(-1)).toEqual({ kind: 'ended', text: endText }));
    await w.line.close();
    await w.line.close();
    expect(w.news.map(({ kind }) => kind)).toEqual(['availability', 'output', 'ended']);
    await expect(w.line.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'failed' });
  });

  it('ends without a text when we close it, and says what broke it otherwise', async () => {
    const closed = world();
    await closed.line.close();
    expect(closed.news.at(-1)).toEqual({ kind: 'ended', text: undefined });
    expect(closed.stream.destroyed).toBe(true);
    const broken = world();
    broken.stream.destroy(new Error('the host is gone'));
    await vi.waitFor(() =>
      expect(broken.news.at(-1)).toEqual({ kind: 'ended', text: `${endText}: the host is gone` }),
    );
  });

  it('lets a machine that floods wait, and goes on after a pause', async () => {
    const w = world();
    const flood = Buffer.alloc(320 * 1024, 'x');
    for (let at = 0; at < flood.length; at += 16 * 1024) w.out.write(flood.subarray(at, at + 16 * 1024));
    await vi.waitFor(() => expect(w.timers).toHaveLength(1));
    await new Promise(setImmediate);
    expect(w.taken()).toBeGreaterThanOrEqual(64 * 1024);
    expect(w.taken()).toBeLessThan(flood.length);
    while (w.taken() < flood.length) {
      w.timers.shift()?.();
      await new Promise(setImmediate);
    }
    expect(w.taken()).toBe(flood.length);
    await w.line.close();
    expect(w.timers).toEqual([]);
  });

  it('does not leave a write hanging when the stream goes under it', async () => {
    const stuck = new Duplex({ read: () => undefined, write: () => undefined });
    const line = openStreamLine(stuck, {
      clock: { now: () => 0, after: () => () => undefined },
      receive: () => undefined,
      endText,
    });
    const write = line.write(new Uint8Array(3));
    stuck.destroy();
    await expect(write).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining(endText) as string,
    });
  });
});
