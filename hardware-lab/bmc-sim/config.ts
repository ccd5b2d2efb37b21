import { privilegeLevel } from '../../src/ipmi/commands/privilege.ts';
import type { PowerTiming } from './power.ts';

/** A user slot of the BMC; the id is the place in the list plus one, slot 1 being the null user. IPMI 2.0 §22.26 */
export interface SimUser {
  /** At most 16 bytes; empty for the null user. */
  readonly name: string;
  /** At most 20 bytes. */
  readonly password: string;
  /** Privilege limit on the LAN channel: 2 user, 3 operator, 4 administrator, 15 no access. */
  readonly privilege: number;
  readonly enabled: boolean;
}

/** What the serial port behind Serial over LAN does. */
export interface ConsoleScript {
  /** Comes out from the moment of activation on, once. */
  readonly text: string;
  /** Ten bits a character. */
  readonly baud: number;
  /** What is typed comes back. */
  readonly echo: boolean;
  /** Comes out after a serial break. */
  readonly onBreak: string;
  /** Characters that the port takes from one packet; the rest is partially accepted. IPMI 2.0 §15.11 */
  readonly acceptAtMost: number;
  /** Characters for the console go out with an acknowledgement; else in a packet of their own a little later. */
  readonly dataWithAck: boolean;
}

/** What all BMCs of a fleet have in common; one object for thousands of them. Milliseconds. */
export interface BmcConfig {
  readonly users: readonly SimUser[];
  /** Cipher suites that are advertised and accepted. */
  readonly suites: readonly number[];
  /** K_G, at most 20 bytes; undefined for one-key logins. IPMI 2.0 §13.33 */
  readonly kg: Uint8Array | undefined;
  /** Sessions and logins under way together. */
  readonly sessionLimit: number;
  /** Without a packet for so long a session is gone: 60 s ± 3 s. IPMI 2.0 §6.12.15 */
  readonly sessionTimeoutMs: number;
  readonly power: PowerTiming;
  /** The BMC is unreachable for so long after a cold reset, and after a warm one. */
  readonly coldResetMs: number;
  readonly warmResetMs: number;
  readonly console: ConsoleScript;
  readonly firmware: { readonly major: number; readonly minor: number };
  readonly manufacturerId: number;
  readonly productId: number;
}

/** Passwords here are of a simulator on loopback: nothing outside the tests has them. */
export const defaultUsers: readonly SimUser[] = [
  { name: '', password: '', privilege: 0x0f, enabled: false },
  { name: 'admin', password: 'test-secret', privilege: privilegeLevel.administrator, enabled: true },
  { name: 'oper', password: 'oper-secret', privilege: privilegeLevel.operator, enabled: true },
  { name: 'user', password: 'user-secret', privilege: privilegeLevel.user, enabled: true },
];

export const defaultConfig: BmcConfig = {
  users: defaultUsers,
  suites: [3, 17],
  kg: undefined,
  sessionLimit: 4,
  sessionTimeoutMs: 60_000,
  power: { onMs: 300, offMs: 300, softMs: 1500, cycleMs: 1000 },
  coldResetMs: 3000,
  warmResetMs: 500,
  console: {
    text: 'Rackwright BMC simulator\r\nlogin: ',
    baud: 115_200,
    echo: true,
    onBreak: '\r\n<break>\r\n',
    acceptAtMost: 255,
    dataWithAck: true,
  },
  firmware: { major: 1, minor: 0x05 },
  // No enterprise has this number: the board is nobody's.
  manufacturerId: 0x0f_f0f0,
  productId: 0x0001,
};

/** Slots of the user table. IPMI 2.0 §22.27 */
export const userSlots = 10;
