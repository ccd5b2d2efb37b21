import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Run, runStages } from '../../src/provision/model.ts';
import { diagnose } from '../../src/provision/run/diagnosis.ts';
import type { RunEvent } from '../../src/provision/run/events.ts';
import type { RunStep } from '../../src/provision/run/step.ts';
import { hasEnded, mayBoot, step } from '../../src/provision/run/transitions.ts';
import { cases } from '../support/cases.ts';
import { bootEvents, dhcp, download, newRun } from '../support/runs.ts';

const context = { strangers: [], serverRunning: true };

function play(run: Run, events: readonly RunEvent[]): { run: Run; steps: RunStep[] } {
  const steps: RunStep[] = [];
  let now = run;
  events.forEach((event, index) => {
    const result = step(now, event, 2000 + index, event.type === 'deadline' ? diagnose(now, context) : '');
    steps.push(result);
    now = result.run;
  });
  return { run: now, steps };
}

describe('a healthy run', () => {
  it('walks through every stage of an inspection and asks for power off at its end', () => {
    const { run, steps } = play(newRun('inspect'), [
      ...bootEvents,
      { type: 'inspected', summary: 'found things', bytes: 900 },
    ]);
    expect(run.stage).toBe('finishing');
    expect(steps.at(-1)?.ensureOff).toBe(true);
    expect(steps.at(-1)?.chassisStatus).toBeUndefined();
    const off = step(run, { type: 'powered-off', how: 'off' }, 9000, '');
    expect(off.run).toMatchObject({ stage: 'done', endedAt: 9000, cause: undefined });
    expect(off.chassisStatus).toBe('Unprovisioned');
  });

  it('reaches the stages in order', () => {
    const { steps } = play(newRun('inspect'), bootEvents);
    const stages = steps.map(({ run }) => run.stage).filter((stage, i, all) => stage !== all[i - 1]);
    expect(stages).toEqual([
      'powering',
      'awaiting-dhcp',
      'awaiting-loader',
      'awaiting-script',
      'awaiting-kernel',
      'awaiting-initrd',
      'awaiting-begin',
    ]);
  });

  it('shows Provisioning at begin and Provisioned at end of an installation, and uses the hostcfg up', () => {
    const { run, steps } = play(newRun('install'), [
      ...bootEvents,
      { type: 'kickstart-read', bytes: 10 },
      { type: 'kickstart-delivered' },
      { type: 'begin' },
      { type: 'installed' },
    ]);
    expect(steps.flatMap((one) => one.chassisStatus ?? [])).toEqual(['Provisioning', 'Provisioned']);
    expect(steps.at(-1)?.deleteHostCfg).toBe(true);
    expect(run).toMatchObject({ stage: 'done', kickstartConsumed: true });
  });

  it('records the lease, the firmware and the NIC', () => {
    const { run } = play(newRun('inspect'), bootEvents);
    expect(run).toMatchObject({ mac: '52:54:00:00:00:01', address: '192.0.2.100', firmware: 'bios' });
  });

  it('takes a DISCOVER that overtakes the answer of the BMC', () => {
    const { run } = play(newRun('inspect'), [
      dhcp('discover', 'bios'),
      { type: 'powered', how: 'powered on' },
    ]);
    expect(run.stage).toBe('awaiting-loader');
  });
});

describe('whatever happens', () => {
  const anyEvent: fc.Arbitrary<RunEvent> = fc.oneof(
    fc.constantFrom<RunEvent>(
      ...bootEvents,
      dhcp('discover', 'system'),
      dhcp('nak', 'bios'),
      dhcp('decline', 'system'),
      dhcp('release', 'system'),
      download('loader', 'failed', 0),
      { type: 'other-server', address: '192.0.2.9' as never },
      { type: 'pool-full' },
      { type: 'refused', reason: 'no' },
      { type: 'kickstart-read', bytes: 1 },
      { type: 'kickstart-delivered' },
      { type: 'kickstart-broken' },
      { type: 'kickstart-refused', reader: '192.0.2.8' as never, reason: 'no' },
      { type: 'begin' },
      { type: 'note', text: 'hello' },
      { type: 'inspected', summary: 's', bytes: 1 },
      { type: 'installed' },
      { type: 'reported-failure', reason: 'r' },
      { type: 'powered-off', how: 'h' },
      { type: 'deadline' },
      { type: 'bmc-failed', reason: 'r' },
      { type: 'restarted' },
    ),
    fc.record({ type: fc.constant('cancelled' as const), reason: fc.string() }),
  );
  const kinds = fc.constantFrom<Run['kind']>('inspect', 'install');

  it('never goes back, never boots a machine whose work began, never leaves its end, always has a cause', () => {
    fc.assert(
      fc.property(kinds, fc.array(anyEvent, { maxLength: 40 }), (kind, events) => {
        let run = newRun(kind);
        let bootable = true;
        events.forEach((event, index) => {
          const before = run;
          const result = step(run, event, 2000 + index, diagnose(run, context));
          run = result.run;
          if (hasEnded(before)) {
            expect(result).toEqual({ run: before, lines: [], durable: false });
            return;
          }
          expect(runStages.indexOf(run.stage)).toBeGreaterThanOrEqual(runStages.indexOf(before.stage));
          if (!bootable) expect(mayBoot(run)).toBe(false);
          bootable = mayBoot(run);
          if (run.stage === 'failed') expect(run.cause).toBeTypeOf('string');
          if (result.chassisStatus === 'Provisioned') expect(result.deleteHostCfg).toBe(true);
          if (result.chassisStatus !== undefined || result.ensureOff) expect(result.durable).toBe(true);
          expect(JSON.stringify(result.lines)).not.toMatch(/b[012]b[012]b[012]/);
        });
      }),
      { numRuns: cases(20_000) },
    );
  });

  it('tells of a machine that asks for ever without filling the disk', () => {
    const { steps, run } = play(
      newRun('inspect'),
      Array.from({ length: 4096 }, () => dhcp('discover', 'bios')),
    );
    expect(run.evidence.discovers).toBe(4096);
    expect(steps.flatMap(({ lines }) => lines).length).toBeLessThan(30);
  });
});

describe('a late stage ends in PxeBootFailed with its likely cause', () => {
  const rows: readonly [string, Run['kind'], readonly RunEvent[], RegExp][] = [
    ['no DISCOVER', 'inspect', bootEvents.slice(0, 2), /no DHCP packet/],
    [
      'the BMC lost the boot flag',
      'inspect',
      [
        { type: 'boot-flag', kept: false, marked: true, efiWanted: false, efiKept: false },
        { type: 'powered', how: 'on' },
      ],
      /did not keep the boot flag/,
    ],
    [
      'the BMC lost the EFI bit',
      'inspect',
      [
        { type: 'boot-flag', kept: true, marked: true, efiWanted: true, efiKept: false },
        { type: 'powered', how: 'on' },
      ],
      /EFI bit/,
    ],
    ['the OFFER was not accepted', 'inspect', bootEvents.slice(0, 4), /offer was not accepted/],
    [
      'another DHCP server won',
      'inspect',
      [...bootEvents.slice(0, 4), { type: 'other-server', address: '192.0.2.9' as never }],
      /192\.0\.2\.9/,
    ],
    ['the pool is full', 'inspect', [...bootEvents.slice(0, 3), { type: 'pool-full' }], /no free address/],
    ['the loader was never asked for', 'inspect', bootEvents.slice(0, 6), /never asked for the loader/],
    ['TFTP ACKs stop after block 0', 'inspect', bootEvents.slice(0, 7), /high UDP ports/],
    ['loader then silence', 'inspect', bootEvents.slice(0, 8), /no driver for this NIC/],
    ['no script', 'inspect', bootEvents.slice(0, 11), /never fetched its script/],
    ['no kernel', 'inspect', bootEvents.slice(0, 12), /did not fetch the kernel/],
    ['half an initrd', 'inspect', bootEvents.slice(0, 16), /500 of 1000/],
    ['inspector silent', 'inspect', bootEvents.slice(0, 17), /no driver for the boot NIC/],
    ['inspector has its address', 'inspect', bootEvents, /sent no report/],
    ['no kickstart', 'install', bootEvents.slice(0, 17), /kickstart was never fetched/],
    [
      'kickstart then silence',
      'install',
      [...bootEvents, { type: 'kickstart-read', bytes: 1 }],
      /did not report its begin/,
    ],
    ['never ends', 'install', [...bootEvents, { type: 'begin' }], /did not report its end/],
  ];
  it.each(rows)('%s', (_name, kind, events, cause) => {
    const { run, steps } = play(newRun(kind), [...events, { type: 'deadline' }]);
    expect(run.stage).toBe('failed');
    expect(run.cause).toMatch(cause);
    expect(steps.at(-1)?.chassisStatus).toBe('PxeBootFailed');
  });

  it('names unknown machines that asked meanwhile', () => {
    const { run } = play(newRun('inspect'), bootEvents.slice(0, 2));
    expect(diagnose(run, { strangers: ['52:54:00:99:99:99'], serverRunning: true })).toMatch(
      /52:54:00:99:99:99.*bootMac::/,
    );
  });
});
