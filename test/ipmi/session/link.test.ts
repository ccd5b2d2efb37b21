import { describe, expect, it } from 'vitest';
import { getDeviceId } from '../../../src/ipmi/commands/app/get-device-id.ts';
import { getSessionInfo } from '../../../src/ipmi/commands/app/get-session-info.ts';
import { closeLeftoverSessions, connectBmc } from '../../../src/ipmi/index.ts';
import { type FakeLab, fakeLab } from '../../support/fake-lab.ts';
import { faultsOf } from '../../support/faults.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';

type Target = Parameters<typeof connectBmc>[0];

const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const onCommand = ({ netFn, cmd }: { netFn: number; cmd: number }) =>
  netFn === 6 && cmd === 1 ? { completionCode: 0, data: deviceId } : { completionCode: 0xc1 };

const connect = (lab: FakeLab, over: Partial<Target> = {}) =>
  lab.time.settle(connectBmc({ ...lab.target, ...over }, lab.deps));

describe('a link', () => {
  it('runs any command, with a unit where one is named', async () => {
    const lab = fakeLab({ onCommand });
    const client = await connect(lab);
    const replies = await lab.time.settle(
      Promise.all([client.run(getDeviceId, undefined), client.run(getDeviceId, undefined, { lun: 2 })]),
    );
    expect(replies.map(({ productId }) => productId)).toEqual([0x1234, 0x1234]);
    const odd = { ...getDeviceId, name: 'Odd', cmd: 0x77 };
    expect(await ipmiErrorOf(lab.time.settle(client.run(odd, undefined)))).toMatchObject({
      code: 'command-failed',
      data: { completionCode: 0xc1 },
    });
  });

  it('keeps work of several commands together', async () => {
    const lab = fakeLab({ onCommand });
    const client = await connect(lab);
    const order: string[] = [];
    const together = client.exclusively(async (execute) => {
      await execute(getDeviceId, undefined);
      order.push('first');
      await execute(getDeviceId, undefined);
      order.push('second');
    });
    const other = client.deviceId().then(() => order.push('other'));
    await lab.time.settle(Promise.all([together, other]));
    expect(order).toEqual(['first', 'second', 'other']);
  });

  it('tells its end once: closed, or lost', async () => {
    const ends: string[] = [];
    const closed = fakeLab({ onCommand });
    const client = await connect(closed);
    client.onEnd((error) => ends.push(error.code));
    client.onEnd(() => ends.push('ended'))();
    await closed.time.settle(client.close());
    expect(ends).toEqual(['closed']);

    const lost = fakeLab({ lie: 'session', onCommand });
    const other = await connect(lost);
    other.onEnd((error) => ends.push(error.code));
    await ipmiErrorOf(lost.time.settle(other.deviceId()));
    await lost.time.settle(other.close());
    expect(ends).toEqual(['closed', 'bmc-not-genuine']);
  });
});

describe('serial over LAN payloads', () => {
  const echo = (payload: Uint8Array) => [Uint8Array.from([...payload].toReversed()), payload];

  it.each([3, 17])('pass beside the commands, protected by suite %i', async (cipherSuite) => {
    const lab = fakeLab({ onCommand, onPayload: echo });
    const client = await connect(lab, { cipherSuite });
    const port = client.solPort();
    const got: number[][] = [];
    const end = port.onPayload((payload) => got.push([...payload]));
    const clear = Uint8Array.from({ length: 30 }, (_, i) => 0xa0 + i);
    port.send(clear);
    const reading = client.deviceId();
    port.send(Uint8Array.of(9));
    expect((await lab.time.settle(reading)).productId).toBe(0x1234);
    await lab.time.pass(100);
    expect(got).toEqual([[...clear].toReversed(), [...clear], [9], [9]]);
    expect(lab.sent.some((datagram) => Buffer.from(datagram).includes(Buffer.from(clear)))).toBe(false);
    end();
    port.send(Uint8Array.of(1));
    await lab.time.pass(100);
    expect(got).toHaveLength(4);
  });

  it('come while nothing is asked, and are refused after the end', async () => {
    const lab = fakeLab({
      onCommand,
      onPayload: () => Array.from({ length: 12 }, (_, i) => Uint8Array.of(i)),
    });
    const client = await connect(lab);
    const port = client.solPort();
    const got: number[] = [];
    port.onPayload((payload) => got.push(...payload));
    port.send(Uint8Array.of(1));
    await lab.time.pass(5000);
    expect(got).toEqual(Array.from({ length: 12 }, (_, i) => i));
    await lab.time.settle(client.close());
    expect(() => port.send(Uint8Array.of(1))).toThrow(/closed/);
  });
});

describe('keep-alive', () => {
  it('asks an idle BMC often enough, and stops at the end', async () => {
    const lab = fakeLab({ onCommand });
    const client = await connect(lab, { keepAlive: true });
    await lab.time.pass(300_000);
    const idle = lab.bmc.executed.length;
    expect(idle).toBeGreaterThanOrEqual(6);
    expect(idle).toBeLessThanOrEqual(10);
    await lab.time.settle(client.close());
    await lab.time.pass(300_000);
    expect(lab.bmc.executed).toHaveLength(idle);
  });

  it('leaves a busy BMC alone', async () => {
    const lab = fakeLab({ onCommand });
    const client = await connect(lab, { keepAlive: true });
    for (let i = 0; i < 20; i++) {
      await lab.time.settle(client.deviceId());
      await lab.time.pass(10_000);
    }
    expect(lab.bmc.executed).toHaveLength(20);
  });

  it('sends nothing without being asked for', async () => {
    const lab = fakeLab({ onCommand });
    await connect(lab);
    await lab.time.pass(300_000);
    expect(lab.bmc.executed).toEqual([]);
  });

  it('finds out that a BMC is gone', async () => {
    let isGone = false;
    const lab = fakeLab({ onCommand, meddle: (answer) => (isGone ? [] : [answer]) });
    const client = await connect(lab, { keepAlive: true });
    const ends: string[] = [];
    client.onEnd((error) => ends.push(error.code));
    isGone = true;
    await lab.time.pass(70_000);
    expect(ends).toEqual(['no-answer']);
  });
});

describe('sessions that a crash left', () => {
  const ours = { ip: Uint8Array.of(192, 0, 2, 9), mac: new Uint8Array(6), port: 40_000 };
  const theirs = { ...ours, ip: Uint8Array.of(192, 0, 2, 10) };
  const session = (userId: number, console: typeof ours | undefined) => ({
    userId,
    privilege: 3,
    channel: 1,
    protocol: 1,
    console,
  });
  const table = [
    session(2, ours),
    session(2, { ...ours, port: 40_001 }),
    session(3, ours),
    session(2, theirs),
    session(2, undefined),
    session(2, { ...ours, port: 40_002 }),
  ];

  /** A BMC with that table; the first one is the present session. */
  function lab(refuse = false) {
    const closed: number[][] = [];
    const info = (index: number) => {
      const found = table[index - 1];
      const handle = found ? index : 0;
      return getSessionInfo.encodeReply({ handle, possible: 8, active: table.length, session: found });
    };
    const built = fakeLab({
      onCommand({ netFn, cmd, data }) {
        if (refuse) return { completionCode: 0xd4 };
        if (netFn === 6 && cmd === 0x3c) {
          closed.push([...data]);
          return { completionCode: closed.length === 1 ? 0 : 0x87 };
        }
        if (netFn === 6 && cmd === 0x3d) return { completionCode: 0, data: info(data[0] || 1) };
        return { completionCode: 0xc1 };
      },
    });
    return { ...built, closed };
  }

  it('are closed by handle: of our user, from our address, not the present one', async () => {
    const one = lab();
    const client = await connect(one);
    expect(await one.time.settle(closeLeftoverSessions(client))).toBe(1);
    expect(one.closed).toEqual([
      [0, 0, 0, 0, 2],
      [0, 0, 0, 0, 6],
    ]);
  });

  it('stay when the BMC does not tell', async () => {
    const one = lab(true);
    const client = await connect(one);
    expect(await one.time.settle(closeLeftoverSessions(client))).toBe(0);
    expect(one.closed).toEqual([]);
  });
});

describe('a wire that loses 30 of 100', () => {
  it.each(Array.from({ length: 60 }, (_, i) => i + 1))(
    'ends each command in its time, and cycles the power at most once, seed %i',
    async (seed) => {
      const plan = faultsOf({ seed, loss: 0.3, duplicate: 0.2, maxDelayMs: 300 });
      const status = Uint8Array.of(0x01, 0, 0, 0);
      const lab = fakeLab({
        seed,
        wire: () => plan(),
        onCommand: ({ netFn, cmd }) =>
          netFn === 0 && cmd === 1 ? { completionCode: 0, data: status } : { completionCode: 0 },
      });
      const client = await lab.time
        .settle(connectBmc(lab.target, lab.deps, { deadlineMs: 15_000 }))
        .catch((error: unknown) => error);
      if (client instanceof Error) {
        expect(client).toMatchObject({ code: 'no-answer' });
        return;
      }
      const session = client as Awaited<ReturnType<typeof connectBmc>>;
      const began = lab.time.clock.now();
      const outcome = await lab.time.settle(
        session.chassisControl('power-cycle').then(
          () => 'done',
          (error: { data: object }) => error.data,
        ),
      );
      expect(lab.time.clock.now() - began).toBeLessThanOrEqual(15_000);
      const cycles = lab.bmc.executed.filter((line) => line === '0/2 2').length;
      expect(cycles).toBeLessThanOrEqual(1);
      if (outcome === 'done') expect(cycles).toBe(1);
      else expect(outcome).toMatchObject({ mayHaveRun: true });
      await lab.time.settle(session.close());
      expect(lab.sockets()).toBe(0);
    },
  );
});
