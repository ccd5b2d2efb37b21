import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  decodeSolFromBmc,
  decodeSolFromConsole,
  encodeSolFromBmc,
  encodeSolFromConsole,
  quietBmc,
  quietConsole,
} from '../../src/ipmi/sol/wire/sol-payload.ts';
import { describeCodec } from '../support/codec-properties.ts';

const frame = {
  sequence: fc.nat(15),
  ackSequence: fc.nat(15),
  accepted: fc.nat(255),
  nack: fc.boolean(),
  data: fc.uint8Array({ maxLength: 255 }),
};
const flag = fc.boolean();

describeCodec({
  name: 'SOL payload of the console',
  values: fc.record({
    ...frame,
    ringWor: flag,
    generateBreak: flag,
    pauseCts: flag,
    dropDcd: flag,
    flushInbound: flag,
    flushOutbound: flag,
  }),
  encode: encodeSolFromConsole,
  decode: decodeSolFromConsole,
});

describeCodec({
  name: 'SOL payload of the BMC',
  values: fc.record({
    ...frame,
    transferUnavailable: flag,
    deactivated: flag,
    transmitOverrun: flag,
    breakDetected: flag,
  }),
  encode: encodeSolFromBmc,
  decode: decodeSolFromBmc,
});

// The bits of table 15-2; do not change the test.
it('has its bits where IPMI 2.0 §15.9 has them', () => {
  const data = Uint8Array.of(0x61);
  const ack = { ackSequence: 5, accepted: 2 };
  expect(encodeSolFromConsole({ ...quietConsole, ...ack, sequence: 3, generateBreak: true, data })).toEqual(
    Uint8Array.of(0x03, 0x05, 0x02, 0x10, 0x61),
  );
  expect(encodeSolFromConsole({ ...quietConsole, nack: true, pauseCts: true })[3]).toBe(0x48);
  expect(encodeSolFromConsole({ ...quietConsole, ringWor: true, dropDcd: true })[3]).toBe(0x24);
  expect(encodeSolFromConsole({ ...quietConsole, flushInbound: true, flushOutbound: true })[3]).toBe(0x03);
  expect(encodeSolFromBmc({ ...quietBmc, ...ack, nack: true })).toEqual(Uint8Array.of(0, 5, 2, 0x40));
  expect(encodeSolFromBmc({ ...quietBmc, transferUnavailable: true, deactivated: true })[3]).toBe(0x30);
  expect(encodeSolFromBmc({ ...quietBmc, transmitOverrun: true, breakDetected: true })[3]).toBe(0x0c);
});
