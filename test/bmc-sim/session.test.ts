import { describe, expect, it } from 'vitest';
import { noFaults } from '../../hardware-lab/bmc-sim/faults.ts';
import { fromHex } from '../../src/base/bytes.ts';
import { decodeIpmiMessage } from '../../src/ipmi/wire/ipmi-message.ts';
import { Bench, mustLogIn, sequenceOf } from './console.ts';

const status = [0x00, 0x01] as const;
const control = [0x00, 0x02] as const;
const privilege = [0x06, 0x3b] as const;
const on = 0x01;

function operator(bench: Bench) {
  const session = mustLogIn(bench);
  expect(session.command(...privilege, [4])).toEqual([0, 4]);
  return session;
}

describe('session of the simulated BMC', () => {
  it('starts at user level', () => {
    const session = mustLogIn(new Bench());
    expect(session.command(...control, [on])).toEqual([0xd4]);
    expect(session.command(...privilege, [0])).toEqual([0, 2]);
  });

  it('gives no level above the one of the login', () => {
    const session = mustLogIn(new Bench(), { username: 'user', password: 'user-secret', role: 0x12 });
    expect(session.command(...privilege, [3])).toEqual([0x81]);
    expect(session.command(...privilege, [5])).toEqual([0xcc]);
  });

  it('drops a packet that it has seen, one that is changed, and one far out of the window', () => {
    const bench = new Bench();
    const session = mustLogIn(bench);
    const packet = session.sealed(session.request(...status, []));
    expect(bench.send(packet)).toHaveLength(1);
    expect(bench.send(packet)).toEqual([]);
    const changed = session.sealed(session.request(...status, []));
    changed.set([changed.at(-1)! ^ 1], changed.length - 1);
    expect(bench.send(changed)).toEqual([]);
    session.sequence += 16;
    expect(session.command(...status)).toBeUndefined();
    session.sequence = 3;
    expect(session.command(...status)?.[0]).toBe(0);
  });

  it('answers a repeated request again without carrying it out again', () => {
    const bench = new Bench({}, true);
    const session = operator(bench);
    const reset = session.request(...control, [3]);
    const answers = [bench.send(session.sealed(reset)), bench.send(session.sealed(reset))];
    expect(answers.map((one) => session.open(one).length)).toEqual([1, 1]);
    expect(bench.state.sel.entries).toHaveLength(1);
    bench.pass(6000);
    bench.send(session.sealed(reset));
    expect(bench.state.sel.entries).toHaveLength(2);
  });

  it('answers an unknown command with 0xC1, and a short request with 0xC7', () => {
    const session = mustLogIn(new Bench());
    expect(session.command(0x2c, 0x00, [0])).toEqual([0xc1]);
    expect(session.command(0x0a, 0x43, [0, 0])).toEqual([0xc7]);
  });

  it('lets nobody do anything outside a session but look at what it can', () => {
    const bench = new Bench();
    // Chassis Control and Get Channel Authentication Capabilities as IPMI 1.5 packets without a session.
    const probe = fromHex('0600ff07000000000000000000092018c88100388e04b5');
    const power = fromHex('0600ff07000000000000000000082000e081040201 78'.replace(' ', ''));
    expect(bench.send(probe)).toHaveLength(1);
    const [refusal] = bench.send(power);
    expect(decodeIpmiMessage(refusal!.slice(14)).data).toEqual(Uint8Array.of(0xd4));
    bench.pass(10_000);
    expect(bench.state.power.on).toBe(false);
  });

  it('answers an ASF presence ping, and acknowledges an RMCP message that wants it', () => {
    const bench = new Bench();
    const ping = fromHex('0600ff06000011be80070000');
    expect(bench.send(ping)).toEqual([fromHex('0600ff06000011be40070010000011be000000008100000000000000')]);
    const numbered = fromHex('06000106000011be80070000');
    expect(bench.send(numbered)[0]).toEqual(fromHex('06000186'));
  });

  it('never throws for what comes', () => {
    const bench = new Bench();
    const session = mustLogIn(bench);
    const packet = session.sealed(session.request(...status, []));
    for (let length = 0; length < packet.length; length++)
      expect(bench.send(packet.slice(0, length))).toEqual([]);
    expect(bench.send(packet)).toHaveLength(1);
  });
});

describe('boot and log', () => {
  it('a power-on by command boots from the flags, uses them up and is in the log', () => {
    const bench = new Bench();
    const session = operator(bench);
    session.command(0x00, 0x08, [5, 0xa0, 0x04, 0, 0, 0]);
    session.command(...control, [on]);
    bench.pass(59_000);
    expect(bench.state.lastBoot?.flags).toMatchObject({ selector: 1, efi: true });
    expect(session.command(0x00, 0x09, [5, 0, 0])).toEqual([0, 1, 5, 0x20, 0x04, 0, 0, 0]);
    expect(session.command(0x00, 0x07)).toEqual([0, 1, 0]);
    expect(bench.state.sel.entries.map(({ bytes }) => bytes[10])).toEqual([0x09, 0x1d]);
  });

  it('a cold reset ends sessions and makes the BMC deaf, the machine goes on', () => {
    const bench = new Bench({ coldResetMs: 3000 }, true);
    const session = operator(bench);
    expect(session.command(0x06, 0x02)).toEqual([0]);
    expect(bench.state.sessions).toEqual([]);
    expect(bench.send(fromHex('0600ff06000011be80070000'))).toEqual([]);
    bench.pass(3000);
    expect(bench.send(fromHex('0600ff06000011be80070000'))).toHaveLength(1);
    expect(bench.state.power.on).toBe(true);
  });
});

describe('faults', () => {
  it('lies about power, and ignores power commands', () => {
    const bench = new Bench();
    const session = operator(bench);
    const saysOn = () => (session.command(...status)![1]! & 1) === 1;
    bench.happen({ kind: 'faults', faults: { power: 'says-on' } });
    expect([saysOn(), bench.state.power.on]).toEqual([true, false]);
    bench.happen({ kind: 'faults', faults: { power: 'stays' } });
    expect(session.command(...control, [on])).toEqual([0]);
    bench.pass(5000);
    expect([saysOn(), bench.state.power.on]).toEqual([false, false]);
  });

  it('is busy as often as told, hangs, and comes back', () => {
    const bench = new Bench();
    const session = mustLogIn(bench);
    bench.happen({ kind: 'faults', faults: { busy: 2 } });
    expect([1, 2, 3].map(() => session.command(...status)?.[0])).toEqual([0xc0, 0xc0, 0]);
    bench.happen({ kind: 'faults', faults: { hang: true } });
    expect(session.command(...status)).toBeUndefined();
    bench.happen({ kind: 'faults', faults: { hang: false } });
    expect(session.command(...status)?.[0]).toBe(0);
  });

  it('restarts in the middle of a command, which is not carried out', () => {
    const bench = new Bench();
    const session = operator(bench);
    bench.happen({ kind: 'faults', faults: { rebootInCommand: true } });
    expect(session.command(...control, [on])).toBeUndefined();
    bench.pass(10_000);
    expect([bench.state.sessions, bench.state.power.on, bench.state.faults]).toEqual([[], false, noFaults]);
  });

  it('damages packets: auth code, checksum, length, sequence number', () => {
    const bench = new Bench();
    const session = mustLogIn(bench);
    const reply = (faults: Partial<typeof noFaults>) => {
      bench.happen({ kind: 'faults', faults: { ...noFaults, ...faults } });
      return bench.send(session.sealed(session.request(...status, [])));
    };
    expect(session.open(reply({ wrongSession: 1 }))).toEqual([]);
    expect(() => decodeIpmiMessage(session.open(reply({ badChecksum: 1 }))[0]!)).toThrow('checksum2');
    expect(decodeIpmiMessage(session.open(reply({ truncate: 1 }))[0]!).data).toHaveLength(2);
    expect(decodeIpmiMessage(session.open(reply({ oversize: 1 }))[0]!).data).toHaveLength(68);
    const before = sequenceOf(reply({})[0]!);
    expect(sequenceOf(reply({ wrongSequence: 1 })[0]!) - before).toBe(1001);
  });

  it('loses, repeats, delays and reorders as the seed says, the same in each run', () => {
    const run = () => {
      const bench = new Bench();
      const session = mustLogIn(bench);
      bench.happen({ kind: 'faults', faults: { loss: 0.3, duplicate: 0.3, delayMs: 5, reorder: 0.3 } });
      return Array.from({ length: 60 }, () => {
        const effects = bench.happen({
          kind: 'datagram',
          datagram: session.sealed(session.request(...status, [])),
          from: { address: '127.0.0.1', port: 1 },
        });
        return effects.map((one) => (one.kind === 'send' ? one.afterMs : -1)).join('+');
      });
    };
    const first = run();
    expect(run()).toEqual(first);
    expect(new Set(first)).toEqual(new Set(['', '5', '45', '5+5', '45+45']));
  });
});
