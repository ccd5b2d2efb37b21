import { ByteWriter } from '../../../src/base/bytes.ts';
import {
  getSolConfiguration,
  setSolConfiguration,
} from '../../../src/ipmi/commands/transport/configuration.ts';
import type { BmcState } from '../state.ts';
import { type CommandRow, completion, noData, refuse, row } from './row.ts';
import { isLanChannel, lanChannel } from './session.ts';

const revision = 0x11;
const unknownParameter = 0x80;
const readOnly = 0x82;

/** Bit rates of the serial port. IPMI 2.0 §26.3, parameter 5 */
const rates: ReadonlyMap<number, number> = new Map([
  [9600, 0x06],
  [19_200, 0x07],
  [38_400, 0x08],
  [57_600, 0x09],
  [115_200, 0x0a],
]);

const known = { enable: 1, port: 8, channel: 7 } as const;
const forceEncryption = 0xc0;
const operatorLevel = 0x03;

type Read = (bmc: Pick<BmcState, 'config' | 'port'>) => Uint8Array;
const rate: Read = ({ config }) => Uint8Array.of(rates.get(config.console.baud) ?? 0x0a);

/** SOL parameters and what the factory set. IPMI 2.0 §26.3, table 26-5 */
const parameters: ReadonlyMap<number, Read> = new Map<number, Read>([
  [0, () => Uint8Array.of(0)],
  [known.enable, () => Uint8Array.of(1)],
  [2, () => Uint8Array.of(forceEncryption | operatorLevel)],
  // 30 ms to collect characters, 96 of them are sent at once.
  [3, () => Uint8Array.of(6, 96)],
  [4, () => Uint8Array.of(7, 25)],
  [5, rate],
  [6, rate],
  [known.channel, () => Uint8Array.of(lanChannel)],
  [known.port, ({ port }) => new ByteWriter(2).u16le(port).done()],
]);

/** True while SOL may be activated: parameter 1. */
export const solEnabled = ({ settings }: Pick<BmcState, 'settings'>): boolean =>
  ((settings.sol.get(known.enable)?.at(0) ?? 1) & 0x01) !== 0;

/** SOL configuration. IPMI 2.0 §26.2, §26.3 */
export const solCommands: readonly CommandRow[] = [
  row(setSolConfiguration, 'administrator', ({ bmc }, { channel, parameter, value }) => {
    if (!isLanChannel(channel)) return refuse(completion.invalidField);
    if (!parameters.has(parameter)) return refuse(unknownParameter);
    if (parameter === known.channel || parameter === known.port) return refuse(readOnly);
    bmc.settings = { ...bmc.settings, sol: new Map(bmc.settings.sol).set(parameter, value) };
    return undefined;
  }),
  row(getSolConfiguration, 'user', ({ bmc }, { channel, revisionOnly, parameter }) => {
    if (!isLanChannel(channel)) return refuse(completion.invalidField);
    if (revisionOnly) return { revision, value: noData };
    const value = bmc.settings.sol.get(parameter) ?? parameters.get(parameter)?.(bmc);
    return value === undefined ? refuse(unknownParameter) : { revision, value };
  }),
];
