import { describe, expect, it } from 'vitest';
import { openSol } from '../../../src/ipmi/sol/stream.ts';
import type { SolLink } from '../../../src/ipmi/sol/types.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';
import { virtualTime } from '../../support/virtual-net.ts';
import { type FakeLinkOptions, fakeLink } from './fake-link.ts';

/** A console in a session that others use too: how it leaves each link. */
function lab(...sessions: readonly FakeLinkOptions[]) {
  const time = virtualTime();
  const left: string[] = [];
  const fakes = sessions.map((options) => fakeLink(options));
  let next = 0;
  const connect = async (): Promise<SolLink> => {
    const fake = fakes[Math.min(next++, fakes.length - 1)];
    if (fake === undefined) throw new Error('no session');
    return {
      ...fake.link,
      close: async () => void left.push('closed'),
      giveUp: async () => void left.push('given up'),
    };
  };
  return { time, left, fakes, open: () => time.settle(openSol({ connect, clock: time.clock })) };
}

describe('a session that others use too', () => {
  it('lives on after its console was closed, or was never ours', async () => {
    const { time, left, open } = lab({});
    const stream = await open();
    await time.settle(stream.close());
    expect(left).toEqual(['closed']);
    const busy = lab({ activate: [0x80] });
    expect((await ipmiErrorOf(busy.open())).data['consoleInUse']).toBe(true);
    expect(busy.left).toEqual(['closed']);
  });

  it('lives on when another console took over', async () => {
    const { time, left, open, fakes } = lab({});
    const stream = await open();
    fakes[0]?.send({ deactivated: true });
    await time.pass(100);
    await time.settle(stream.close());
    expect(left).toEqual(['closed']);
  });

  it('is given up when the console may still be active in it: its own next one would be "in use"', async () => {
    const { time, left, open } = lab({ acks: false }, {});
    const stream = await open();
    const typed = stream.write(new TextEncoder().encode('x'));
    expect((await ipmiErrorOf(time.settle(typed))).code).toBe('no-answer');
    await time.pass(2000);
    await time.settle(stream.write(new TextEncoder().encode('y')));
    expect(left).toEqual(['given up']);
    await time.settle(stream.close());
    expect(left).toEqual(['given up', 'closed']);
  });

  it('is given up when nobody knows whether the console was activated', async () => {
    const silent = lab({ activate: ['silent', 'silent', 'silent', 'silent'], isActive: () => false });
    expect((await ipmiErrorOf(silent.open())).code).toBe('no-answer');
    expect(silent.left).toEqual(['given up']);
  });
});
