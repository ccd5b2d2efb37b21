import { describe, expect, it } from 'vitest';
import { type SolOptions, type SolStream } from '../../../src/ipmi/sol/types.ts';
import { openSol } from '../../../src/ipmi/sol/stream.ts';
import { IpmiError, type IpmiErrorCode } from '../../../src/ipmi/types.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';
import { virtualTime } from '../../support/virtual-net.ts';
import { type FakeLink, fakeLink } from './fake-link.ts';
import { watcher } from './watcher.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const inUse = 0x80;

/** Each connection gets the next of `links`; the last one stays. */
function lab(links: readonly (FakeLink | IpmiErrorCode)[], over: Partial<SolOptions> = {}) {
  const time = virtualTime();
  const began = time.clock.now();
  const tries: number[] = [];
  const connect = async () => {
    tries.push(time.clock.now() - began);
    const next = links[Math.min(tries.length, links.length) - 1];
    if (next === undefined) throw new Error('no link');
    if (typeof next === 'string') throw new IpmiError(next, 'in a test');
    return next.link;
  };
  const eyes = watcher();
  return {
    time,
    tries,
    eyes,
    open: async (): Promise<SolStream> => {
      const stream = await time.settle(openSol({ connect, clock: time.clock, ...over }));
      stream.subscribe(eyes, 0);
      return stream;
    },
  };
}

describe('opening', () => {
  it('activates and takes what came before the answer', async () => {
    const one = fakeLink({ early: [{ sequence: 1, data: ascii('early ') }], isActive: () => false });
    const { open, eyes, time } = lab([one]);
    const stream = await open();
    one.send({ sequence: 2, data: ascii('bird') });
    expect(eyes.text()).toBe('early bird');
    expect(one.commands).toEqual(['Get', 'Get', 'Activate']);
    await time.settle(stream.close());
    expect(one.commands.slice(3)).toEqual(['Deactivate']);
    expect(one.closed).toBe(true);
    expect(eyes.kinds()).toEqual(['ended']);
  });

  it.each([
    [0x80, 'busy'],
    [0x81, 'command-failed'],
    [0x83, 'command-failed'],
    [0xd4, 'privilege'],
  ])('is refused with completion code %i, and the session is closed', async (completionCode, code) => {
    const one = fakeLink({ activate: [completionCode] });
    const error = await ipmiErrorOf(lab([one]).open());
    expect(error).toMatchObject({ code, data: { completionCode } });
    expect(one.closed).toBe(true);
    expect(one.commands).not.toContain('Deactivate');
  });

  it('takes over once where that is wished', async () => {
    const one = fakeLink({ activate: [inUse] });
    await lab([one], { takeOver: true }).open();
    expect(one.commands).toEqual(['Get', 'Get', 'Activate', 'Deactivate', 'Activate']);
    const back = fakeLink({ activate: [inUse, inUse] });
    expect((await ipmiErrorOf(lab([back], { takeOver: true }).open())).code).toBe('busy');
  });

  it('does not take over again what somebody else got after a loss', async () => {
    const one = fakeLink({ activate: [inUse] });
    const theirs = Array.from({ length: 40 }, () => fakeLink({ activate: [inUse] }));
    const { open, eyes, time } = lab([one, ...theirs], { takeOver: true });
    await open();
    await time.pass(3_600_000);
    one.loseSession();
    await time.pass(100_000);
    expect(theirs.flatMap(({ commands }) => commands)).not.toContain('Deactivate');
    expect(eyes.events.at(-1)).toMatchObject({ kind: 'ended', error: { code: 'busy' } });
  });

  it('knows its own activation again when the answer was lost', async () => {
    const one = fakeLink({ activate: ['silent', inUse], isActive: () => false });
    await lab([one]).open();
    expect(one.commands).toEqual(['Get', 'Get', 'Activate', 'Activate', 'Deactivate', 'Activate']);
  });

  it.each([true, 'unknown'] as const)(
    'ends nobody else when an answer was lost (active: %s)',
    async (active) => {
      const one = fakeLink({ activate: ['silent', inUse], isActive: () => active });
      expect((await ipmiErrorOf(lab([one]).open())).data['consoleInUse']).toBe(true);
      expect(one.commands).not.toContain('Deactivate');
    },
  );

  it('fails when the BMC ends it before it began', async () => {
    const one = fakeLink({ early: [{ deactivated: true }] });
    expect((await ipmiErrorOf(lab([one]).open())).code).toBe('closed');
    expect(one.closed).toBe(true);
  });

  it.each([
    ['header and all', 14, 10],
    ['in the wrong byte order', 0x0e00, 10],
    ['as large as can be', 259, 255],
    ['nonsense', 0xffff, 60],
    ['nothing', 0, 60],
  ])('sends packets of the size that the BMC told: %s', async (_, inboundBytes, length) => {
    const one = fakeLink({ inboundBytes });
    const { open, time } = lab([one]);
    const stream = await open();
    await time.settle(stream.write(new Uint8Array(300)));
    expect(one.typed[0]?.length).toBe('1:'.length + length);
  });

  it.each([
    ['told', [2, 30], 300],
    ['too fast for a network', [2, 1], 100],
    ['not told', undefined, 500],
    ['zero', [2, 0], 500],
    ['malformed', [], 500],
  ])('repeats at the pace of the BMC: %s', async (_, retry, ms) => {
    const one = fakeLink({ acks: false, ...(retry ? { retry } : {}) });
    const { open, time } = lab([one]);
    const stream = await open();
    void stream.write(ascii('x')).catch(() => undefined);
    await time.pass(ms - 1);
    expect(one.typed).toEqual(['1:x']);
    await time.pass(2);
    expect(one.typed).toEqual(['1:x', '1:x']);
  });
});

describe('a lost session', () => {
  it('is followed by another one: a gap, then output; numbers of packets go on', async () => {
    const [one, two] = [fakeLink(), fakeLink({ early: [{ sequence: 9, data: ascii('new') }] })];
    const { open, eyes, time, tries } = lab([one, 'unreachable', 'out-of-sessions', two]);
    const stream = await open();
    await time.settle(stream.write(ascii('a')));
    one.send({ sequence: 3, data: ascii('old ') });
    one.loseSession();
    await time.pass(10_000);
    expect(tries).toEqual([0, 500, 1500, 3500]);
    expect(eyes.kinds()).toEqual(['detached', 'gap reattached', 'attached']);
    expect(eyes.events.map(({ kind }) => kind)).toEqual(['output', 'detached', 'gap', 'output', 'attached']);
    expect(eyes.text()).toBe('old new');
    expect(one.closed).toBe(true);
    await time.settle(stream.write(ascii('b')));
    expect([...one.typed, ...two.typed]).toEqual(['1:a', '2:b']);
  });

  it('tells writers what is certain, and takes nothing while there is none', async () => {
    const one = fakeLink({ acks: false, inboundBytes: 8 });
    const { open, time } = lab([one, 'unreachable']);
    const stream = await open();
    const first = ipmiErrorOf(stream.write(ascii('abcdef')));
    const second = ipmiErrorOf(stream.write(ascii('x')));
    one.send({ ackSequence: 1, accepted: 4 });
    one.loseSession();
    expect(await time.settle(first)).toMatchObject({
      code: 'no-answer',
      data: { accepted: 4, mayHaveRun: true },
    });
    expect(await second).toMatchObject({ code: 'no-answer', data: { accepted: 0, mayHaveRun: true } });
    expect((await ipmiErrorOf(stream.write(ascii('y')))).message).toMatch(/attached again/);
    await time.settle(stream.close());
    expect((await ipmiErrorOf(stream.sendBreak())).code).toBe('closed');
  });

  it.each(['auth-failed', 'privilege', 'bad-target', 'suite-refused'] as const)(
    'ends the stream when no other can be had: %s',
    async (code) => {
      const one = fakeLink();
      const { open, eyes, time, tries } = lab([one, 'unreachable', code]);
      await open();
      one.loseSession();
      await time.pass(60_000);
      expect(tries.length).toBe(3);
      expect(eyes.events.at(-1)).toMatchObject({ kind: 'ended', error: { code } });
    },
  );

  it('ends the stream after the time that a BMC needs to come back', async () => {
    const one = fakeLink();
    const { open, eyes, time } = lab([one, 'unreachable']);
    await open();
    one.loseSession();
    await time.pass(14 * 60_000);
    expect(eyes.kinds()).toEqual(['detached', 'gap reattached']);
    await time.pass(2 * 60_000);
    expect(eyes.kinds().at(-1)).toBe('ended');
  });

  it('still has the console for a minute; then it is another one', async () => {
    const [one, late] = [fakeLink(), fakeLink()];
    const held = Array.from({ length: 9 }, () => fakeLink({ activate: [inUse] }));
    const patient = lab([one, ...held, late]);
    await patient.open();
    one.loseSession();
    await patient.time.pass(80_000);
    expect(patient.eyes.kinds().at(-1)).toBe('attached');
    expect(late.commands).not.toContain('Deactivate');

    const other = fakeLink();
    const taken = lab([other, ...Array.from({ length: 40 }, () => fakeLink({ activate: [inUse] }))]);
    await taken.open();
    other.loseSession();
    await taken.time.pass(100_000);
    expect(taken.eyes.events.at(-1)).toMatchObject({ kind: 'ended', error: { code: 'busy' } });
  });
});

describe('an end on the BMC', () => {
  it('with a notice ends the stream', async () => {
    const one = fakeLink();
    const { open, eyes, time, tries } = lab([one]);
    await open();
    one.send({ deactivated: true });
    await time.pass(60_000);
    expect(eyes.events.at(-1)).toMatchObject({ kind: 'ended', error: { code: 'closed' } });
    expect(tries.length).toBe(1);
    expect(one.closed).toBe(true);
  });

  it('without a notice is found by looking', async () => {
    let active = true;
    const one = fakeLink({ isActive: () => active });
    const { open, eyes, time } = lab([one]);
    await open();
    await time.pass(60_000);
    expect(eyes.kinds()).toEqual([]);
    active = false;
    await time.pass(30_000);
    expect(eyes.kinds()).toEqual(['ended']);
  });

  it.each([
    [false, ['ended']],
    [true, ['detached', 'gap reattached', 'attached']],
    ['unknown', ['detached', 'gap reattached', 'attached']],
  ] as const)('is asked for when nothing is acknowledged (active: %s)', async (active, kinds) => {
    let answer: boolean | 'unknown' = true;
    const one = fakeLink({ acks: false, isActive: () => answer });
    const { open, eyes, time } = lab([one, fakeLink()]);
    const stream = await open();
    answer = active;
    const error = ipmiErrorOf(stream.write(ascii('x')));
    await time.pass(19_000);
    expect((await error).data).toMatchObject({ accepted: 0, mayHaveRun: true });
    expect(eyes.kinds()).toEqual(kinds);
  });
});

describe('a writer', () => {
  it('that does not wait is held back', async () => {
    const one = fakeLink({ acks: false });
    const { open, time } = lab([one]);
    const stream = await open();
    const waiting = ipmiErrorOf(stream.write(new Uint8Array(60_000)));
    expect((await ipmiErrorOf(stream.write(new Uint8Array(6000)))).code).toBe('busy');
    await time.settle(stream.close());
    expect((await waiting).code).toBe('closed');
  });

  it('may change its bytes at once, write nothing, and flush', async () => {
    const one = fakeLink();
    const { open, time } = lab([one]);
    const stream = await open();
    const data = ascii('keep');
    const writing = Promise.all([stream.sendBreak(), stream.write(data)]);
    data.fill(0);
    await time.settle(writing);
    await stream.write(new Uint8Array());
    await time.settle(Promise.all([stream.flush('to-machine'), stream.flush('from-machine')]));
    expect(one.typed).toEqual(['1:', '2:keep', '3:', '4:']);
  });
});

describe('closing', () => {
  it('twice at once, and while the console is being attached again, leaves no session', async () => {
    const one = fakeLink();
    const { open, eyes, time } = lab([one, 'unreachable']);
    const stream = await open();
    one.loseSession();
    await time.pass(1000);
    await time.settle(Promise.all([stream.close(), stream.close()]));
    expect(eyes.events.at(-1)).toMatchObject({ kind: 'ended', error: undefined });
  });

  it('during a login ends what the login brings', async () => {
    const [one, two] = [fakeLink(), fakeLink()];
    const time = virtualTime();
    let logins = 0;
    const connect = async () => {
      if (++logins === 1) return one.link;
      await time.pass(3000);
      return two.link;
    };
    const stream = await time.settle(openSol({ connect, clock: time.clock }));
    one.loseSession();
    await time.pass(1000);
    await time.settle(stream.close());
    expect([logins, two.closed]).toEqual([2, true]);
    expect(two.commands.at(-1)).toBe('Deactivate');
  });
});
