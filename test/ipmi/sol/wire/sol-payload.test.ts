import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, WireError } from '../../../../src/base/bytes.ts';
import {
  decodeSolFromBmc,
  decodeSolFromConsole,
  encodeSolFromBmc,
  encodeSolFromConsole,
  quietBmc,
  quietConsole,
  type SolFromBmc,
  type SolFromConsole,
} from '../../../../src/ipmi/sol/wire/sol-payload.ts';
import { describeCodec } from '../../../support/codec-properties.ts';

const frame = {
  sequence: fc.nat(15),
  ackSequence: fc.nat(15),
  accepted: fc.nat(255),
  nack: fc.boolean(),
  data: fc.uint8Array({ maxLength: 255 }),
};

describeCodec({
  name: 'SOL packet from the console',
  values: fc.record<SolFromConsole>({
    ...frame,
    ringWor: fc.boolean(),
    generateBreak: fc.boolean(),
    pauseCts: fc.boolean(),
    dropDcd: fc.boolean(),
    flushInbound: fc.boolean(),
    flushOutbound: fc.boolean(),
  }),
  encode: encodeSolFromConsole,
  decode: decodeSolFromConsole,
});

describeCodec({
  name: 'SOL packet from the BMC',
  values: fc.record<SolFromBmc>({
    ...frame,
    transferUnavailable: fc.boolean(),
    deactivated: fc.boolean(),
    transmitOverrun: fc.boolean(),
    breakDetected: fc.boolean(),
  }),
  encode: encodeSolFromBmc,
  decode: decodeSolFromBmc,
});

it('takes no more characters than one accepted count can tell', () => {
  const data = new Uint8Array(256);
  expect(() => encodeSolFromConsole({ ...quietConsole, data })).toThrow(WireError);
  expect(() => encodeSolFromBmc({ ...quietBmc, data })).toThrow(WireError);
});

interface Fixture {
  readonly packets: ReadonlyArray<{
    readonly from: 'bmc' | 'console';
    readonly payload: string;
    /** The fields as ipmitool printed them. */
    readonly ipmitool: Readonly<Record<string, number | boolean>>;
  }>;
}

const folder = join(import.meta.dirname, '../../../fixtures/ipmi-sol');
const files = readdirSync(folder);

/** Our packet in ipmitool's words. */
function inItsWords(from: 'bmc' | 'console', payload: Uint8Array): Fixture['packets'][number]['ipmitool'] {
  const packet = from === 'bmc' ? decodeSolFromBmc(payload) : decodeSolFromConsole(payload);
  const common = {
    'sequence number': packet.sequence,
    'acked packet': packet.ackSequence,
    'accepted char count': packet.accepted,
    'is nack': packet.nack,
  };
  if ('deactivated' in packet)
    return {
      ...common,
      'xfer unavailable': packet.transferUnavailable,
      inactive: packet.deactivated,
      'transmit overrun': packet.transmitOverrun,
      'break detected': packet.breakDetected,
    };
  return {
    ...common,
    'assert ring wor': packet.ringWor,
    'generate break': packet.generateBreak,
    'deassert cts': packet.pauseCts,
    'deassert dcd dsr': packet.dropDcd,
    'flush inbound': packet.flushInbound,
    'flush outbound': packet.flushOutbound,
    'character count': packet.data.length,
  };
}

it('finds its captures', () => expect(files).toContain('ipmitool-ipmi-sim.json'));

describe.each(files)('%s', (file) => {
  const { packets } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Fixture;

  it('means to us what it meant to ipmitool', () => {
    for (const { from, payload, ipmitool } of packets)
      expect(inItsWords(from, fromHex(payload))).toEqual(ipmitool);
  });

  it('has the bytes that we write', () => {
    for (const { from, payload } of packets) {
      const bytes = fromHex(payload);
      const again =
        from === 'bmc'
          ? encodeSolFromBmc(decodeSolFromBmc(bytes))
          : encodeSolFromConsole(decodeSolFromConsole(bytes));
      expect(toHex(again)).toBe(payload);
    }
  });
});
