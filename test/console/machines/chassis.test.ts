import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import { ConsoleError } from '../../../src/console/errors.ts';
import { chassisMachines } from '../../../src/console/machines/chassis.ts';
import type { ChassisSide, SerialNews } from '../../../src/console/ports.ts';
import { IpmiError } from '../../../src/ipmi/index.ts';
import { NetError } from '../../../src/net/errors.ts';
import { ProvisionError } from '../../../src/provision/index.ts';
import { type FakeLink, type FakeLinkOptions, fakeLink } from '../../ipmi/sol/fake-link.ts';
import { virtualTime } from '../../support/virtual-net.ts';

const uuid = 'c'.repeat(32) as Uuid;
const subject = { kind: 'chassis', uuid, name: 'r1u1' } as const;
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A chassis whose BMC gives each of `links` in turn, the last one again and again. */
function world(links: ReadonlyArray<FakeLinkOptions | IpmiError>, over: Partial<ChassisSide> = {}) {
  const time = virtualTime();
  const fakes: FakeLink[] = [];
  let asked = 0;
  const side: ChassisSide = {
    name: async (text) => (text === uuid ? 'r1u1' : undefined),
    view: async () => ({ name: 'r1u1', status: 'Provisioned', power: 'on' }),
    timeline: async () => [{ at: 1, step: 'start', text: 'begins' }],
    screenshotFile: async (of, name) => (of === uuid && name === 'a.png' ? Uint8Array.of(1) : undefined),
    solState: async () => ({ yes: true }),
    async connectSol() {
      const next = links[Math.min(asked++, links.length - 1)];
      if (next === undefined || next instanceof IpmiError) throw next ?? new Error('no link');
      const fake = fakeLink(next);
      fakes.push(fake);
      return fake.link;
    },
    screen: async () => undefined,
    power: async () => undefined,
    watch: () => () => undefined,
    ...over,
  };
  const opened: object[] = [];
  const machines = chassisMachines(side, {
    clock: time.clock,
    log: silentLog,
    async connectTcp({ clock: _clock, ...target }) {
      opened.push(target);
      if (target.host === '192.0.2.9')
        throw new NetError('refused', 'nothing listens at 192.0.2.9 port 5901');
      return new PassThrough();
    },
  });
  const news: SerialNews[] = [];
  const told = (): string[] =>
    news.map((one) => {
      if (one.kind === 'output') return `"${new TextDecoder().decode(one.data)}"`;
      return 'text' in one ? `${one.kind}: ${one.text}` : one.kind;
    });
  const open = (takeOver = false) =>
    time.settle(machines.openSerial(subject, { takeOver }, (one) => void news.push(one)));
  return { machines, time, fakes, opened, news, told, open };
}

async function faultOf(work: Promise<unknown>): Promise<ConsoleError> {
  const fault: unknown = await work.catch((error: unknown) => error);
  if (fault instanceof ConsoleError) return fault;
  throw new Error(`no ConsoleError: ${String(fault)}`);
}

describe('chassis as machines with consoles', () => {
  it('have the pictures that their timelines name, each its own', async () => {
    const { machines } = world([]);
    expect(await machines.picture?.(subject, 'a.png')).toEqual(Uint8Array.of(1));
    expect(await machines.picture?.(subject, 'b.png')).toBeUndefined();
    expect(await machines.picture?.({ ...subject, uuid: 'd'.repeat(32) as Uuid }, 'a.png')).toBeUndefined();
  });

  it('are found by uuid, and shown as the domain has them', async () => {
    const { machines } = world([{}]);
    expect(await machines.subject('chassis', uuid)).toEqual(subject);
    expect(await machines.subject('chassis', uuid.toUpperCase())).toEqual(subject);
    for (const text of ['f'.repeat(32), 'nonsense', ''])
      expect(await machines.subject('chassis', text)).toBeUndefined();
    expect(await machines.subject('vm', uuid)).toBeUndefined();
    const view = { kind: 'chassis', uuid, name: 'r1u1', status: 'Provisioned', power: 'on' };
    expect(await machines.view(subject)).toEqual(view);
    expect(await machines.timeline('x')).toHaveLength(1);
  });

  it('tell changes as their own', () => {
    let tell = (_uuid: Uuid): void => {};
    const { machines } = world([{}], {
      watch(changed) {
        tell = changed;
        return () => void (tell = () => {});
      },
    });
    const seen: object[] = [];
    const stop = machines.watch((one) => void seen.push(one));
    tell(uuid);
    stop();
    tell(uuid);
    expect(seen).toEqual([{ kind: 'chassis', uuid }]);
  });

  it('fail in the words of consoles; a fault of our own stays what it is', async () => {
    const gone = world([{}], {
      view: () => Promise.reject(new ProvisionError('chassis-not-found', 'there is no chassis')),
      power: () => Promise.reject(new ProvisionError('power-on-failed', 'BMC 192.0.2.7:623: silent')),
      timeline: () => Promise.reject(new TypeError('a bug')),
    });
    expect(await faultOf(gone.machines.view(subject))).toMatchObject({ code: 'not-found' });
    expect(await faultOf(gone.machines.power(subject, 'on'))).toMatchObject({
      code: 'failed',
      message: 'BMC 192.0.2.7:623: silent',
    });
    await expect(gone.machines.timeline('x')).rejects.toThrow(TypeError);
  });
});

describe('the serial line of a chassis', () => {
  it('gives what came before it was open, takes what is typed, and ends when it is closed', async () => {
    const { open, fakes, told, time } = world([{ early: [{ sequence: 1, data: ascii('early') }] }]);
    const line = await open();
    await time.pass(1);
    expect(told()).toEqual(['"early"']);
    await time.settle(line.write(ascii('root')));
    await time.settle(line.sendBreak?.() ?? Promise.reject(new Error('no break')));
    expect(fakes[0]?.typed[0]).toBe('1:root');
    await time.settle(line.close());
    await time.settle(line.close());
    expect(told().slice(1)).toEqual(['ended: undefined']);
    expect(fakes[0]?.commands.at(-1)).toBe('Deactivate');
    expect(fakes[0]?.closed).toBe(true);
    expect(await faultOf(line.write(ascii('x')))).toMatchObject({ code: 'failed' });
  });

  it('goes on in another session with a mark, and says meanwhile why', async () => {
    const { open, fakes, told, time } = world([{}, new IpmiError('no-answer', 'silent'), {}]);
    const line = await open();
    fakes[0]?.send({ sequence: 1, data: ascii('before') });
    fakes[0]?.loseSession();
    await time.pass(1);
    expect(await faultOf(line.write(ascii('x')))).toMatchObject({
      code: 'failed',
      message: expect.stringContaining('try again shortly'),
    });
    await time.pass(5000);
    fakes[1]?.send({ sequence: 1, data: ascii('after') });
    expect(told()).toEqual([
      '"before"',
      expect.stringMatching(/^detached: the connection to the BMC was lost.*check the network/),
      'gap',
      'attached',
      '"after"',
    ]);
    await time.settle(line.close());
  });

  it('tells that characters are lost, a break, and whether typing reaches the machine', async () => {
    const { open, fakes, news, time } = world([{}]);
    const line = await open();
    fakes[0]?.send({ sequence: 1, data: ascii('x'), transmitOverrun: true });
    fakes[0]?.send({ transferUnavailable: true });
    fakes[0]?.send({ sequence: 2, data: ascii('y'), breakDetected: true });
    expect(news).toContainEqual({ kind: 'gap', reason: expect.stringContaining('faster') });
    expect(news).toContainEqual({ kind: 'availability', available: false });
    expect(news).toContainEqual({ kind: 'break' });
    await time.settle(line.close());
  });

  it('is in use: that says how to take it over, and taking over does', async () => {
    const busy = await faultOf(world([{ activate: [0x80] }]).open());
    expect(busy).toMatchObject({ code: 'in-use', message: expect.stringMatching(/take it over here/) });
    const { open, fakes, time } = world([{ activate: [0x80] }]);
    const line = await open(true);
    expect(fakes[0]?.commands).toEqual(['Get', 'Get', 'Activate', 'Deactivate', 'Activate']);
    await time.settle(line.close());
  });

  it('ends with a reason when another console took it over', async () => {
    const { open, fakes, told, time } = world([{}]);
    await open();
    fakes[0]?.send({ deactivated: true });
    await time.pass(100);
    expect(told()).toEqual([expect.stringMatching(/^ended: .*another console; open it again/)]);
  });

  it.each([
    ['auth-failed', /updateBaremetalChassis/],
    ['unreachable', /cable/],
    ['no-answer', /network to the BMC/],
    ['out-of-sessions', /wait a minute/],
    ['privilege', /right to use serial over LAN/],
    ['suite-refused', /ipmiCipherSuite/],
  ] as const)('cannot be opened: %s, with what to do', async (code, hint) => {
    const fault = await faultOf(world([new IpmiError(code, 'BMC 192.0.2.7:623: so it is')]).open());
    expect(fault).toMatchObject({ code: 'failed', message: expect.stringMatching(hint) });
    expect(fault.message).toContain('BMC 192.0.2.7:623: so it is');
  });

  it('is not tried where there is none', async () => {
    const { open, machines, fakes } = world([{}], {
      solState: async () => ({ yes: false, text: 'IPMI 1.5 has none' }),
    });
    expect(await machines.hasSerial(subject)).toEqual({ yes: false, text: 'IPMI 1.5 has none' });
    expect(await faultOf(open())).toMatchObject({ code: 'unavailable', message: 'IPMI 1.5 has none' });
    expect(fakes).toEqual([]);
  });

  it('ends for a reader that fails, and leaves nothing open', async () => {
    const { machines, time, fakes } = world([{}]);
    const kinds: string[] = [];
    await time.settle(
      machines.openSerial(subject, { takeOver: false }, ({ kind }) => {
        kinds.push(kind);
        if (kind === 'output') throw new Error('disk full');
      }),
    );
    fakes[0]?.send({ sequence: 1, data: ascii('x') });
    await time.pass(2000);
    expect(kinds).toEqual(['output', 'ended']);
    expect(fakes[0]?.closed).toBe(true);
  });
});

describe('the screen of a chassis', () => {
  it('is the one of its installer, with its password', async () => {
    const screen = { address: '192.0.2.100', port: 5901, password: 'deadbeef' };
    const { machines, opened } = world([{}], { screen: async () => screen });
    expect(await machines.hasScreen(subject)).toBe(true);
    expect(await machines.openScreen(subject)).toMatchObject({ password: 'deadbeef' });
    expect(opened).toEqual([{ host: '192.0.2.100', port: 5901, timeoutMs: 5000 }]);
  });

  it('is unavailable without an installer, and a failure where it does not answer', async () => {
    const none = world([{}]);
    expect(await none.machines.hasScreen(subject)).toBe(false);
    expect(await faultOf(none.machines.openScreen(subject))).toMatchObject({ code: 'unavailable' });
    const screen = { address: '192.0.2.9', port: 5901, password: undefined };
    const silent = world([{}], { screen: async () => screen });
    expect(await faultOf(silent.machines.openScreen(subject))).toMatchObject({
      code: 'failed',
      message: expect.stringContaining('nothing listens'),
    });
  });
});
