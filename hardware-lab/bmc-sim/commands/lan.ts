import { ByteReader, ByteWriter } from '../../../src/base/bytes.ts';
import { getLanConfiguration } from '../../../src/ipmi/commands/transport/configuration.ts';
import { netFn } from '../../../src/ipmi/commands/command.ts';
import type { BmcState } from '../state.ts';
import { bytesRow, type CommandRow, completion, noData, refuse, row } from './row.ts';
import { isLanChannel } from './session.ts';

/** Revision of the parameters: 1.1. IPMI 2.0 §23.2 */
const revision = 0x11;
const unknownParameter = 0x80;
const readOnly = 0x82;

type Read = (bmc: Pick<BmcState, 'address' | 'port' | 'config'>) => Uint8Array;

const octets = (address: string): Uint8Array => Uint8Array.from(address.split('.'), Number);
const mac: Read = ({ address }) => Uint8Array.of(0x02, 0x00, ...octets(address));
const gateway = Uint8Array.of(127, 0, 0, 1);
const staticSource = 1;

/** LAN parameters that can be read, with what the factory set. IPMI 2.0 §23.2, table 23-4 */
const parameters: ReadonlyMap<number, Read> = new Map<number, Read>([
  [0, () => Uint8Array.of(0)],
  [1, () => Uint8Array.of(0)],
  [2, () => new Uint8Array(5)],
  [3, ({ address }) => octets(address)],
  [4, () => Uint8Array.of(staticSource)],
  [5, mac],
  [6, () => Uint8Array.of(255, 0, 0, 0)],
  [7, () => Uint8Array.of(0x40, 0x40, 0x10)],
  [8, ({ port }) => new ByteWriter(2).u16le(port).done()],
  [10, () => Uint8Array.of(0x02)],
  [11, () => Uint8Array.of(0x04)],
  [12, () => gateway],
  [13, () => new Uint8Array(6)],
  [14, () => new Uint8Array(4)],
  [15, () => new Uint8Array(6)],
  [16, () => new ByteWriter(18).bytes(new TextEncoder().encode('public')).fill(12).done()],
  [17, () => Uint8Array.of(0)],
  [20, () => new Uint8Array(2)],
  [21, () => Uint8Array.of(0)],
  [22, ({ config }) => Uint8Array.of(config.suites.length)],
  [
    23,
    ({ config }) =>
      new ByteWriter(17)
        .u8(0)
        .bytes(Uint8Array.from(config.suites))
        .fill(16 - config.suites.length)
        .done(),
  ],
  [24, ({ config }) => suiteLevels(config.suites.length)],
]);

const readOnlyParameters: ReadonlySet<number> = new Set([1, 22, 23]);

/** Administrator for each suite, in four bits. IPMI 2.0 §23.2, parameter 24 */
function suiteLevels(count: number): Uint8Array {
  return Uint8Array.from({ length: 9 }, (_, index) => {
    if (index === 0) return 0;
    const level = (suite: number): number => (suite < count ? 4 : 0);
    return level(2 * index - 2) | (level(2 * index - 1) << 4);
  });
}

/** LAN configuration. IPMI 2.0 §23.1, §23.2 */
export const lanCommands: readonly CommandRow[] = [
  bytesRow(netFn.transport, 0x01, 'administrator', ({ bmc }, data) => {
    const r = new ByteReader(data);
    const channel = r.u8('lan.channel') & 0x0f;
    const number = r.u8('lan.parameter');
    if (!isLanChannel(channel)) return refuse(completion.invalidField);
    if (!parameters.has(number)) return refuse(unknownParameter);
    if (readOnlyParameters.has(number)) return refuse(readOnly);
    bmc.settings = { ...bmc.settings, lan: new Map(bmc.settings.lan).set(number, r.rest()) };
    return noData;
  }),
  row(getLanConfiguration, 'operator', ({ bmc }, { channel, revisionOnly, parameter }) => {
    if (!isLanChannel(channel)) return refuse(completion.invalidField);
    if (revisionOnly) return { revision, value: noData };
    const value = bmc.settings.lan.get(parameter) ?? parameters.get(parameter)?.(bmc);
    return value === undefined ? refuse(unknownParameter) : { revision, value };
  }),
];
