import { appCommands } from './app.ts';
import { chassisCommands } from './chassis.ts';
import { fruCommands } from './fru.ts';
import { lanCommands } from './lan.ts';
import { payloadCommands } from './payload.ts';
import type { CommandRow } from './row.ts';
import { sdrCommands } from './sdr.ts';
import { selCommands } from './sel.ts';
import { sensorCommands } from './sensor.ts';
import { sessionCommands } from './session.ts';
import { solCommands } from './sol.ts';
import { userCommands } from './user.ts';

const key = (netFn: number, cmd: number): number => netFn * 256 + cmd;

const table: ReadonlyMap<number, CommandRow> = new Map(
  [
    ...appCommands,
    ...sessionCommands,
    ...userCommands,
    ...payloadCommands,
    ...chassisCommands,
    ...sensorCommands,
    ...selCommands,
    ...sdrCommands,
    ...fruCommands,
    ...lanCommands,
    ...solCommands,
  ].map((row) => [key(row.netFn, row.cmd), row]),
);

/** The command with these numbers; undefined for one that this BMC does not know (completion code 0xC1). */
export const commandRow = (netFn: number, cmd: number): CommandRow | undefined => table.get(key(netFn, cmd));
