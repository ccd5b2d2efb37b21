import { describe, expect, it } from 'vitest';
import { decodeSolFromBmc, encodeSolFromConsole, quietConsole } from '../../src/ipmi/sol/wire/sol-payload.ts';
import { payloadType } from '../../src/ipmi/wire/session-packet.ts';
import { Bench, mustLogIn, type TestSession } from './console.ts';

const activate = [0x06, 0x48, [1, 1, 0xc0, 0, 0, 0]] as const;
const deactivate = [0x06, 0x49, [1, 1, 0, 0, 0, 0]] as const;

/** SOL packets for a session that came back for the last event. */
const solOf = (session: TestSession, bench: Bench) =>
  session
    .open(
      bench.effects.flatMap((one) => (one.kind === 'send' ? [one.datagram] : [])),
      payloadType.sol,
    )
    .map(decodeSolFromBmc);

describe('activation of SOL', () => {
  it('answers sizes and the port, and then sends by its own clock', () => {
    const bench = new Bench();
    const session = mustLogIn(bench);
    expect(session.command(...activate)).toEqual([0, 0, 0, 0, 0, 255, 0, 255, 0, 0x6f, 0x02, 0xff, 0xff]);
    const wake = bench.effects.find((one) => one.kind === 'wake');
    expect(wake?.at).toBeGreaterThan(bench.now);
    bench.now = wake!.at;
    bench.happen({ kind: 'wake' });
    expect(new TextDecoder().decode(solOf(session, bench)[0]?.data)).toMatch(/^Rackwright/);
    expect(session.command(0x06, 0x4a, [1])).toEqual([0, 1, 1, 0]);
  });

  it('is for one session at a time, which is told when another one ends it', () => {
    const bench = new Bench();
    const [first, second] = [mustLogIn(bench), mustLogIn(bench)];
    first.command(...activate);
    expect(second.command(...activate)).toEqual([0x80]);
    bench.send(second.sealed(second.request(...deactivate)));
    expect(solOf(first, bench)).toMatchObject([{ sequence: 0, deactivated: true }]);
    expect(second.command(...deactivate)).toEqual([0x80]);
    second.command(...activate);
    bench.send(second.sealed(second.request(...deactivate)));
    expect(solOf(second, bench)).toEqual([]);
  });

  it('ends with its session, and wants encryption', () => {
    const bench = new Bench();
    const session = mustLogIn(bench);
    expect(session.command(0x06, 0x48, [1, 1, 0, 0, 0, 0])).toEqual([0x84]);
    session.command(...activate);
    bench.pass(60_000);
    expect(bench.state.sol).toBeUndefined();
  });

  it('is refused to users without it and while it is switched off', () => {
    const bench = new Bench();
    const session = mustLogIn(bench);
    session.command(0x06, 0x3b, [4]);
    expect(session.command(0x06, 0x4c, [1, 0x40 | 2, 0x02, 0, 0, 0])).toEqual([0]);
    expect(session.command(...activate)).toEqual([0x81]);
    expect(session.command(0x06, 0x4c, [1, 2, 0x02, 0, 0, 0])).toEqual([0]);
    expect(session.command(0x0c, 0x21, [1, 1, 0])).toEqual([0]);
    expect(session.command(...activate)).toEqual([0x81]);
  });

  it('takes no packets of a session that does not have it', () => {
    const bench = new Bench();
    const [first, second] = [mustLogIn(bench), mustLogIn(bench)];
    first.command(...activate);
    const packet = encodeSolFromConsole({ ...quietConsole, sequence: 1, data: Uint8Array.of(0x61) });
    expect(bench.send(second.sealed(packet, payloadType.sol))).toEqual([]);
    expect(bench.send(first.sealed(packet, payloadType.sol))).toHaveLength(1);
    expect(bench.state.sol?.typed).toEqual(Uint8Array.of(0x61));
  });
});
