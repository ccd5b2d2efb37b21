import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { CodedError } from '../../../src/base/errors.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { vmMachines } from '../../../src/console/machines/vm.ts';
import type { SerialNews, VmSide } from '../../../src/console/ports.ts';

const uuid = 'b'.repeat(32) as Uuid;
const subject = { kind: 'vm', uuid, name: 'web' } as const;

function world(changes: Partial<VmSide> = {}) {
  const calls: unknown[] = [];
  let changed: (uuid: Uuid) => void = () => undefined;
  const side: VmSide = {
    name: async (asked) => (asked === uuid ? 'web' : undefined),
    view: async () => ({ name: 'web', status: 'Running', power: 'on' }),
    serialState: async () => ({ yes: false, text: 'no port' }),
    openSerial: async (...asked) => {
      calls.push(asked);
      return new PassThrough();
    },
    hasScreen: async () => true,
    openScreen: async () => ({ stream: new PassThrough(), password: 'hush' }),
    power: async (...asked) => void calls.push(asked),
    watch: (tell) => {
      changed = tell;
      return () => void calls.push('stopped');
    },
    ...changes,
  };
  return {
    calls,
    machines: vmMachines(side, { clock: systemClock, log: silentLog }),
    tell: () => changed(uuid),
  };
}

describe('VMs as machines', () => {
  it('are found by uuid, with or without dashes, and have no runs', async () => {
    const { machines } = world();
    const dashed = uuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    expect(await machines.subject('vm', dashed)).toEqual(subject);
    expect(await machines.subject('vm', 'c'.repeat(32))).toBeUndefined();
    expect(await machines.subject('vm', 'web')).toBeUndefined();
    expect(await machines.subject('chassis', uuid)).toBeUndefined();
    expect(await machines.view(subject)).toEqual({
      kind: 'vm',
      uuid,
      name: 'web',
      status: 'Running',
      power: 'on',
    });
    expect(await machines.timeline('x')).toEqual([]);
    expect(await machines.hasSerial(subject)).toEqual({ yes: false, text: 'no port' });
  });

  it('open a serial line, and take one over only when told', async () => {
    const { machines, calls } = world();
    const news: SerialNews[] = [];
    const line = await machines.openSerial(subject, { takeOver: true }, (one) => news.push(one));
    expect(calls).toEqual([[uuid, { takeOver: true }]]);
    await line.close();
    await (await machines.openSerial(subject, { takeOver: false }, () => undefined)).close();
    expect(calls.at(-1)).toEqual([uuid, { takeOver: false }]);
    expect(news.at(-1)).toEqual({ kind: 'ended', text: undefined });
  });

  it.each([
    ['not-found', 'not-found'],
    ['refused', 'unavailable'],
    ['conflict', 'in-use'],
    ['host-disconnected', 'failed'],
    ['command-failed', 'failed'],
  ])('say %s of the KVM room as %s, with its text', async (code, said) => {
    const error = new CodedError(code, 'do this next');
    const { machines } = world({
      openSerial: () => Promise.reject(error),
      power: () => Promise.reject(error),
    });
    const expected = { name: 'ConsoleError', code: said, message: 'do this next' };
    await expect(machines.openSerial(subject, { takeOver: false }, () => undefined)).rejects.toMatchObject(
      expected,
    );
    await expect(machines.power(subject, 'on')).rejects.toMatchObject(expected);
  });

  it('leave a fault of the program what it is', async () => {
    const { machines } = world({ hasScreen: () => Promise.reject(new TypeError('oops')) });
    await expect(machines.hasScreen(subject)).rejects.toThrow(TypeError);
  });

  it('tell of changes until they are not watched any more', () => {
    const { machines, calls, tell } = world();
    const seen: unknown[] = [];
    const stop = machines.watch((one) => seen.push(one));
    tell();
    stop();
    expect([seen, calls]).toEqual([[{ kind: 'vm', uuid }], ['stopped']]);
  });
});
