import { describe, expect, it } from 'vitest';
import { setPower } from '../../src/ipmi/index.ts';
import { fakeLab } from '../support/fake-lab.ts';
import { ipmiErrorOf } from '../support/ipmi-deps.ts';

/** A machine whose answers to Chassis Control may be lost on the way, before or after the command worked. */
function machine(start: boolean, fate: (nth: number) => 'ok' | 'request-lost' | 'reply-lost' = () => 'ok') {
  const state = { on: start, controls: [] as number[], silent: false };
  const lab = fakeLab({
    onCommand({ netFn, cmd, data }) {
      if (state.silent) return undefined;
      if (netFn !== 0) return { completionCode: 0xc1 };
      if (cmd === 0x01) return { completionCode: 0, data: Uint8Array.of(state.on ? 1 : 0, 0, 0) };
      const action = data[0] ?? 0xff;
      const outcome = fate(state.controls.push(action));
      if (outcome !== 'request-lost' && action <= 1) state.on = action === 1;
      return outcome === 'ok' ? { completionCode: 0 } : undefined;
    },
  });
  return { lab, state };
}

describe('a lost answer to a power command', () => {
  it('power-up that worked is not sent again', async () => {
    const { lab, state } = machine(false, () => 'reply-lost');
    const client = await lab.connect();
    await lab.time.settle(client.chassisControl('power-up'));
    expect(state).toMatchObject({ on: true, controls: [1] });
  });

  it('power-down that did not arrive is sent again', async () => {
    const { lab, state } = machine(true, (nth) => (nth === 1 ? 'request-lost' : 'ok'));
    const client = await lab.connect();
    await lab.time.settle(client.chassisControl('power-down'));
    expect(state).toMatchObject({ on: false, controls: [0, 0] });
  });

  it('power-up that never works ends after three tries', async () => {
    const { lab, state } = machine(false, () => 'request-lost');
    const client = await lab.connect();
    const error = await ipmiErrorOf(lab.time.settle(client.chassisControl('power-up')));
    expect(error).toMatchObject({ code: 'no-answer', data: { mayHaveRun: true } });
    expect(state.controls).toEqual([1, 1, 1]);
  });

  it('power-up of a BMC that is gone says that it may have run', async () => {
    const { lab, state } = machine(false);
    const client = await lab.connect();
    state.silent = true;
    const error = await ipmiErrorOf(lab.time.settle(client.chassisControl('power-up')));
    expect(error).toMatchObject({ code: 'no-answer', data: { mayHaveRun: true } });
    expect((await ipmiErrorOf(client.chassisStatus())).code).toBe('closed');
  });

  it.each([
    ['power-cycle', 2],
    ['hard-reset', 3],
    ['diagnostic-interrupt', 4],
    ['soft-shutdown', 5],
  ] as const)('%s is sent once, whatever happens, and the session stays usable', async (action, code) => {
    for (const outcome of ['request-lost', 'reply-lost'] as const) {
      const { lab, state } = machine(true, () => outcome);
      const client = await lab.connect();
      const error = await ipmiErrorOf(lab.time.settle(client.chassisControl(action)));
      expect(error).toMatchObject({ code: 'no-answer', data: { mayHaveRun: true } });
      expect(error.message).toContain(action);
      expect(state.controls).toEqual([code]);
      expect((await lab.time.settle(client.chassisStatus())).powerOn).toBe(true);
    }
  });

  it('a refusal is no lost answer', async () => {
    const lab = fakeLab({ onCommand: () => ({ completionCode: 0xd4 }) });
    const client = await lab.connect();
    const error = await ipmiErrorOf(lab.time.settle(client.chassisControl('hard-reset')));
    expect(error).toMatchObject({ code: 'privilege', data: { completionCode: 0xd4 } });
    expect(lab.bmc.executed).toEqual(['0/2 3']);
  });
});

describe('setPower', () => {
  it.each([
    [true, 'on', []],
    [true, 'off', [0]],
    [true, 'reset', [3]],
    [false, 'on', [1]],
    [false, 'off', []],
    [false, 'reset', [1]],
  ] as const)('machine on: %s, wish: %s, sent: %o', async (on, action, controls) => {
    const { lab, state } = machine(on);
    const client = await lab.connect();
    await lab.time.settle(setPower(client, action));
    expect(state.controls).toEqual(controls);
  });

  /** A machine that somebody else switches between our look and our command. */
  function contested(start: boolean) {
    const state = { on: start, controls: [] as number[] };
    const lab = fakeLab({
      onCommand({ cmd, data }) {
        if (cmd === 0x01) return { completionCode: 0, data: Uint8Array.of(state.on ? 1 : 0, 0, 0) };
        if (state.controls.push(data[0] ?? 0xff) > 1) return { completionCode: 0 };
        state.on = !start;
        return { completionCode: 0xd5 };
      },
    });
    return { lab, state };
  }

  it.each([
    [false, 'on', [1]],
    [true, 'off', [0]],
    [true, 'reset', [3, 1]],
  ] as const)('somebody is faster, machine on: %s, wish: %s', async (on, action, controls) => {
    const { lab, state } = contested(on);
    const client = await lab.connect();
    await lab.time.settle(setPower(client, action));
    expect(state.controls).toEqual(controls);
  });

  it('a BMC that cannot do it in the present state, and whose state stays, has failed', async () => {
    const lab = fakeLab({
      onCommand: ({ cmd }) =>
        cmd === 0x01 ? { completionCode: 0, data: Uint8Array.of(1, 0, 0) } : { completionCode: 0xd5 },
    });
    const client = await lab.connect();
    const error = await ipmiErrorOf(lab.time.settle(setPower(client, 'off')));
    expect(error).toMatchObject({ code: 'command-failed', data: { completionCode: 0xd5 } });
  });
});
