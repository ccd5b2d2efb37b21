import { beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { Run } from '../../src/provision/model.ts';
import type { ConsoleLook, Evidence } from '../../src/provision/ports.ts';
import type { RunEvent } from '../../src/provision/run/events.ts';
import { diagnose } from '../../src/provision/run/diagnosis.ts';
import { hasEnded, step } from '../../src/provision/run/transitions.ts';
import { createRunWatch } from '../../src/provision/run-watch.ts';
import { createTestClock } from '../support/provision-harness.ts';
import { newRun } from '../support/runs.ts';

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);

/** One run, looked at every second. */
function world(
  change: Partial<Run>,
  look: (() => Promise<ConsoleLook>) | undefined,
  { limitSeconds = 300, quietPercent = 50, save = async () => 'p.png' } = {},
) {
  const clock = createTestClock();
  let run: Run = newRun('inspect', { stage: 'awaiting-dhcp', stageSince: clock.now(), ...change });
  const looks: number[] = [];
  const lines: string[] = [];
  const began = clock.now();
  const seconds = (): number => Math.round((clock.now() - began) / 1000);
  const apply = async (_uuid: Run['uuid'], event: RunEvent): Promise<Run> => {
    const cause = diagnose(run, { strangers: [], serverRunning: true });
    const result = step(run, event, clock.now(), cause);
    run = result.run;
    for (const line of result.lines) lines.push(`${seconds()} ${line.step}: ${line.text}`);
    return run;
  };
  const evidence: Evidence | undefined = look && {
    async look(chassisUuid) {
      expect(chassisUuid).toBe(run.chassisUuid);
      looks.push(seconds());
      return look();
    },
    screens: { save, read: async () => undefined, forget: async () => undefined },
    quietPercent,
  };
  const watch = createRunWatch({
    book: () => ({
      all: () => (hasEnded(run) ? [] : [run]),
      get: () => (hasEnded(run) ? undefined : run),
      apply,
    }),
    limitSeconds: () => limitSeconds,
    evidence,
    background: (work) => void work,
    clock,
    log: silentLog,
  });
  const tick = (): void => {
    watch.tick();
    clock.after(1000, tick);
  };
  clock.after(1000, tick);
  return { clock, looks, lines, seconds, apply, run: () => run };
}

let shows: ConsoleLook;
beforeEach(() => {
  shows = { consoleTail: 'POST ok\r\nPXE-E61: Media test failure\r\n', screenshot: png };
});

describe('a run that is quiet', () => {
  it('is looked at once a stage, and once more before it ends', async () => {
    const { clock, looks, lines, apply, run } = world({}, async () => shows);
    await clock.advance(149_000);
    expect(looks).toEqual([]);
    await clock.advance(50_000);
    expect(looks).toEqual([150]);
    expect(lines).toEqual([
      '150 console: POST ok',
      '150 console: PXE-E61: Media test failure',
      expect.stringMatching(/^150 console: its console shows PXE-E61: /),
      `150 screen: the screen as it was then: /v1/baremetal/chassis/${run().chassisUuid}/console/screenshots/p.png`,
    ]);
    // It goes on for a moment.
    await apply(run().uuid, { type: 'note', text: 'still here' });
    await clock.advance(300_000);
    expect(looks).toEqual([150]);
    shows = { consoleTail: 'PXE-E53: No boot filename received' };
    await clock.advance(10_000);
    expect(looks).toEqual([150, 500]);
    expect(run()).toMatchObject({
      stage: 'failed',
      cause: expect.stringMatching(/its console shows PXE-E53/),
    });
    expect(lines.at(-1)).toMatch(/^500 failed: no DHCP packet from the machine.*PXE-E53/);
  });

  it('is looked at again in its next stage, and what its console shows is told once', async () => {
    const { clock, looks, lines, apply, run } = world({}, async () => shows);
    await clock.advance(151_000);
    await apply(run().uuid, { type: 'powered', how: 'x' });
    await apply(run().uuid, { type: 'script-read' });
    const before = lines.length;
    await clock.advance(151_000);
    expect(looks.length).toBe(2);
    expect(lines.slice(before).map((line) => line.split(' ')[1])).toEqual(['screen:']);
    expect(run().evidence.consoleSign).toBe('PXE-E61');
  });

  it('is never quiet before a minute, and not while it is being powered', async () => {
    const short = world({}, async () => shows, { limitSeconds: 70 });
    await short.clock.advance(59_000);
    expect(short.looks).toEqual([]);
    await short.clock.advance(2000);
    expect(short.looks).toEqual([60]);
    const powering = world({ stage: 'powering' }, async () => shows);
    await powering.clock.advance(302_000);
    expect([powering.looks, powering.run().stage]).toEqual([[], 'failed']);
  });

  it('is looked at only at its end where the setting says so, and not at all without a way to look', async () => {
    const late = world({}, async () => shows, { quietPercent: 0 });
    await late.clock.advance(302_000);
    expect([late.looks, late.run().stage]).toEqual([[301], 'failed']);
    const blind = world({}, undefined);
    await blind.clock.advance(302_000);
    expect([blind.lines.length, blind.run().stage]).toEqual([1, 'failed']);
  });
});

describe('a look', () => {
  it('that takes for ever holds the end up for fifteen seconds', async () => {
    const { clock, looks, run } = world({}, () => new Promise(() => {}), { quietPercent: 0 });
    await clock.advance(310_000);
    expect([run().stage, looks.length]).toEqual(['awaiting-dhcp', 1]);
    await clock.advance(7000);
    expect([run().stage, looks.length]).toEqual(['failed', 1]);
  });

  it('whose picture is on a disk that hangs holds the end up for five seconds, and loses the picture alone', async () => {
    const { clock, lines, run } = world({}, async () => shows, {
      quietPercent: 0,
      save: () => new Promise(() => {}),
    });
    await clock.advance(304_000);
    expect(run().stage).toBe('awaiting-dhcp');
    await clock.advance(4000);
    expect(run().stage).toBe('failed');
    expect(lines.map((line) => line.split(' ')[1])).toEqual(['console:', 'console:', 'console:', 'failed:']);
  });

  it('that fails, and a disk that is full, are no fault of the run', async () => {
    const failing = world({}, () => Promise.reject(new Error('no way')), { quietPercent: 0 });
    await failing.clock.advance(302_000);
    expect([failing.lines.length, failing.run().stage]).toEqual([1, 'failed']);
    const full = world({}, async () => shows, {
      quietPercent: 0,
      save: () => Promise.reject(new Error('ENOSPC')),
    });
    await full.clock.advance(302_000);
    expect(full.lines.map((line) => line.split(' ')[1])).toEqual([
      'console:',
      'console:',
      'console:',
      'failed:',
    ]);
  });

  it('during which the run goes on does not end it', async () => {
    let answer = (_look: ConsoleLook): void => {};
    const { clock, apply, run, lines } = world({}, () => new Promise((resolve) => void (answer = resolve)), {
      quietPercent: 0,
    });
    await clock.advance(302_000);
    await apply(run().uuid, { type: 'note', text: 'here I am' });
    answer(shows);
    await clock.advance(5000);
    expect(run().stage).toBe('awaiting-dhcp');
    expect(lines.length).toBe(5);
  });

  it('during which the run ends keeps nothing', async () => {
    let answer = (_look: ConsoleLook): void => {};
    let saved = 0;
    const { clock, apply, run, lines } = world({}, () => new Promise((resolve) => void (answer = resolve)), {
      save: async () => `${saved++}`,
    });
    await clock.advance(151_000);
    await apply(run().uuid, { type: 'cancelled', reason: 'no more' });
    answer(shows);
    await clock.advance(5000);
    expect([lines.length, saved]).toEqual([1, 0]);
  });

  it('has no secret of the run in the timeline', async () => {
    const { clock, lines, run } = world({}, async () => ({
      consoleTail: `Command line: inst.ks=http://192.0.2.1/boot/${newRun('inspect').kickstartToken}/ks.cfg`,
    }));
    await clock.advance(151_000);
    expect(lines).toEqual(['150 console: Command line: inst.ks=http://192.0.2.1/boot/******/ks.cfg']);
    expect(JSON.stringify(lines)).not.toContain(run().kickstartToken);
  });
});
