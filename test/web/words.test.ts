import { describe, expect, it } from 'vitest';
import { createReceived, fileName } from '../../web/state/received.ts';
import { parseKept, renderKept, ticketOf } from '../../web/state/ticket.ts';
import { bannerOf, hitsText, runText, size, span, tone } from '../../web/state/words.ts';

const ticket = '0123456789abcdef'.repeat(4);

describe('words of the page', () => {
  it('spans and sizes', () => {
    expect([0, 5999, 754_000, 3_723_000, -1].map(span)).toEqual(['0:00', '0:05', '12:34', '1:02:03', '0:00']);
    expect([812, 1000, 1449, 14_200_000, 999_600].map(size)).toEqual([
      '812 bytes',
      '1.0 kB',
      '1.4 kB',
      '14 MB',
      '1.0 MB',
    ]);
    expect([0, 1, 2].map(hitsText).join(' ')).toBe(
      'No line of the record has it. 1 line has it. 2 lines have it, newest first.',
    );
  });

  it('steps that failed and steps that ended well', () => {
    const steps = ['failed', 'tftp-failed', 'http-done', 'end', 'failover', 'http-start'];
    expect(steps.map((step) => tone({ step }))).toEqual(['bad', 'bad', 'good', 'good', 'plain', 'plain']);
  });

  it('what a run does', () => {
    const run = { uuid: 'a', kind: 'install' as const, stage: 'kernel', startedAt: 0 };
    expect(runText(undefined, 0)).toBe('No run yet.');
    expect(runText(run, 61_000)).toBe('Installation runs for 1:01: kernel');
    expect(runText({ ...run, endedAt: 5000 }, 61_000)).toBe('Installation took 0:05');
    expect(runText({ ...run, endedAt: 5000, cause: 'x' }, 61_000)).toBe('Installation failed after 0:05');
  });

  it('how the connection stands: a loss, and a server that closed it in order, are not the same', () => {
    const session = { phase: 'waiting', greeted: true, failures: 1 } as const;
    expect(bannerOf(session)).toMatchObject({ kind: 'lost', what: 'The connection was lost.' });
    expect(bannerOf({ ...session, phase: 'connecting' })).toMatchObject({ next: 'Connecting again…' });
    const text = 'the server stops; try again in a moment';
    expect(bannerOf({ ...session, text })).toMatchObject({
      kind: 'lost',
      what: `The server closed the connection: ${text}.`,
      next: expect.stringContaining('tries again by itself') as unknown,
    });
    expect(bannerOf({ ...session, phase: 'over', text: 'Log in again.' })).toEqual({
      kind: 'ended',
      what: 'This console is closed.',
      next: 'Log in again.',
    });
    const quiet = [
      { ...session, phase: 'open' },
      { ...session, phase: 'connecting', failures: 0 },
      { ...session, phase: 'over', greeted: false, text },
    ] as const;
    expect(quiet.map(bannerOf)).toEqual([undefined, undefined, undefined]);
  });

  it('tickets: 64 hex digits and nothing else', () => {
    expect(ticketOf(`#${ticket}`)).toBe(ticket);
    expect(['', '#', `#${ticket}0`, `#${ticket.slice(1)}g`, '#<script>'].map(ticketOf)).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });

  it('what is kept for a reload, and nothing that somebody else wrote there', () => {
    expect(parseKept(renderKept(ticket, 700))).toEqual({ ticket, from: 700 });
    expect(parseKept(renderKept(ticket, undefined))).toEqual({ ticket });
    for (const text of [null, '', '{', '7', '{"ticket":"x"}', JSON.stringify({ ticket: 5 })]) {
      expect(parseKept(text)).toBeUndefined();
    }
    expect(parseKept(JSON.stringify({ ticket, from: -1 }))).toEqual({ ticket });
    expect(parseKept(JSON.stringify({ ticket, from: '<b>' }))).toEqual({ ticket });
  });

  it('a file: its name, and no more than the page may hold', () => {
    const at = new Date('2026-11-21T14:02:09Z');
    expect(fileName('rack 3/../node;17', at)).toBe('rack-3-..-node-17-2026-11-21T140209.log');
    expect(fileName('', at)).toBe('console-2026-11-21T140209.log');
    const received = createReceived(10);
    for (const text of ['12345', '67890', 'abc']) received.add(Buffer.from(text));
    expect(Buffer.concat(received.pieces()).toString()).toBe('67890abc');
    expect(received.dropped()).toBe(5);
  });
});
