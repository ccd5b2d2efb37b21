import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ipmiDatagram } from '../../src/ipmi/session/sealed.ts';
import { payloadType } from '../../src/ipmi/wire/session-packet.ts';
import { cases } from '../support/cases.ts';
import { Bench, mustLogIn } from './console.ts';

const bytes = fc.uint8Array({ maxLength: 80 });

it('any datagram is answered or dropped, never thrown for', () => {
  const bench = new Bench();
  const behindRmcp = bytes.map(ipmiDatagram);
  fc.assert(
    fc.property(fc.oneof(bytes, behindRmcp), (datagram) => {
      expect(bench.send(datagram).length).toBeLessThanOrEqual(2);
    }),
    { numRuns: cases(20_000) },
  );
  expect(bench.state.sessions).toEqual([]);
});

it('any command of an administrator gets one answer with a completion code', () => {
  const netFns = fc.constantFrom(0x00, 0x04, 0x06, 0x0a, 0x0c, 0x2c);
  fc.assert(
    fc.property(
      netFns,
      fc.integer({ min: 0, max: 0x60 }),
      fc.uint8Array({ maxLength: 30 }),
      (netFn, cmd, data) => {
        const bench = new Bench({}, true);
        const session = mustLogIn(bench);
        session.command(0x06, 0x3b, [4]);
        const reply = session.command(netFn, cmd, Array.from(data));
        expect(reply?.length).toBeGreaterThanOrEqual(1);
      },
    ),
    { numRuns: cases(3000) },
  );
});

it('any SOL payload leaves a console that works', () => {
  const bench = new Bench();
  const session = mustLogIn(bench);
  session.command(0x06, 0x48, [1, 1, 0xc0, 0, 0, 0]);
  fc.assert(
    fc.property(bytes, (payload) => {
      bench.now += 100;
      bench.send(session.sealed(payload, payloadType.sol));
      expect(bench.state.sol?.inFlight?.data.length ?? 1).toBeGreaterThan(0);
    }),
    { numRuns: cases(5000) },
  );
  expect(session.command(0x06, 0x4a, [1])).toEqual([0, 1, 1, 0]);
});
