import type { UdpPeer } from '../../src/net/udp.ts';
import type { RakpFacts } from '../../src/ipmi/crypto/rakp.ts';
import type { CipherSuite } from '../../src/ipmi/crypto/suite.ts';
import type { SessionSecrets } from '../../src/ipmi/session/sealed.ts';
import { type BootOptions, type BootTaken, initialBootOptions } from './boot-options.ts';
import type { BmcConfig, SimUser } from './config.ts';
import { type Faults, noFaults } from './faults.ts';
import { initialPower, type Power } from './power.ts';
import type { ReceiveWindow } from './receive-window.ts';
import { emptySel, type Sel } from './sel.ts';
import type { Sol } from './sol.ts';

/** A login between Open Session and RAKP 3. IPMI 2.0 §13.15 */
export interface PendingLogin {
  readonly suite: CipherSuite;
  readonly consoleSessionId: number;
  readonly bmcSessionId: number;
  /** Highest level that Open Session granted. */
  readonly maxPrivilege: number;
  /** After RAKP 1: who it is, and the answer, which a repetition gets again. */
  readonly named:
    | {
        readonly facts: RakpFacts;
        readonly userId: number;
        readonly rakp1: string;
        readonly rakp2: Uint8Array;
      }
    | undefined;
  readonly lastAt: number;
}

/** An open session as the BMC sees it. */
export interface BmcSession {
  readonly secrets: SessionSecrets;
  readonly userId: number;
  readonly peer: UdpPeer;
  /** Level in force, and the highest that Set Session Privilege Level gives. */
  readonly privilege: number;
  readonly maxPrivilege: number;
  /** Last number sent. */
  readonly sequence: number;
  readonly window: ReceiveWindow;
  readonly lastAt: number;
  /** RAKP 3 as it came and its answer: RAKP 4 may have been lost. */
  readonly login: { readonly rakp3: string; readonly rakp4: Uint8Array };
  /** Last request and the answer to it, which a repetition gets without being carried out again. */
  readonly answered: { readonly request: string; readonly data: Uint8Array; readonly at: number } | undefined;
}

/** Settings that a console may change and that start as the fleet's defaults. */
export interface Settings {
  readonly lan: ReadonlyMap<number, Uint8Array>;
  readonly sol: ReadonlyMap<number, Uint8Array>;
  readonly acpi: { readonly system: number; readonly device: number };
}

/** One simulated BMC and its machine. Nothing in it is changed in place: `stepBmc` makes the next one. */
export interface BmcState {
  readonly config: BmcConfig;
  readonly address: string;
  readonly port: number;
  readonly guid: Uint8Array;
  readonly serial: string;
  readonly rng: number;
  readonly faults: Faults;
  /** Until then the BMC itself restarts and hears nothing. */
  readonly deafUntil: number;
  readonly power: Power;
  readonly boot: BootOptions;
  readonly lastBoot: BootTaken | undefined;
  /** Identify light: until a moment, or for ever (Infinity). IPMI 2.0 §28.5 */
  readonly identifyUntil: number;
  readonly sel: Sel;
  readonly sdrReservation: number;
  readonly users: readonly SimUser[];
  readonly settings: Settings;
  readonly logins: readonly PendingLogin[];
  readonly sessions: readonly BmcSession[];
  readonly sol: Sol | undefined;
  /** Ids of users that may not use SOL. IPMI 2.0 §24.6 */
  readonly solDenied: ReadonlySet<number>;
}

/** What the outside has to do: send, or give a `wake` event at a moment (replaces the one before). */
export type BmcEffect =
  | {
      readonly kind: 'send';
      readonly datagram: Uint8Array;
      readonly to: UdpPeer;
      readonly afterMs: number;
    }
  | { readonly kind: 'wake'; readonly at: number };

/** One step under way: a shallow copy of the state, whose members are replaced and never changed, and what to do afterwards. */
export interface Turn {
  readonly bmc: { -readonly [Key in keyof BmcState]: BmcState[Key] };
  readonly now: number;
  readonly effects: BmcEffect[];
}

const noSettings: Settings = { lan: new Map(), sol: new Map(), acpi: { system: 0x2a, device: 0x2a } };
const allMaySol: ReadonlySet<number> = new Set();

/** What makes one BMC of a fleet this one. `seed` starts its random generator. */
export interface BmcIdentity {
  readonly address: string;
  readonly port: number;
  /** 16 bytes as Get System GUID sends them. */
  readonly guid: Uint8Array;
  readonly serial: string;
  readonly seed: number;
}

/** A BMC as it comes from the factory. */
export function initialBmc(config: BmcConfig, identity: BmcIdentity, powerOn: boolean): BmcState {
  const { address, port, guid, serial, seed } = identity;
  return {
    config,
    address,
    port,
    guid,
    serial,
    rng: seed >>> 0,
    faults: noFaults,
    deafUntil: 0,
    power: initialPower(powerOn),
    boot: initialBootOptions,
    lastBoot: undefined,
    identifyUntil: 0,
    sel: emptySel,
    sdrReservation: 0,
    users: config.users,
    settings: noSettings,
    logins: [],
    sessions: [],
    sol: undefined,
    solDenied: allMaySol,
  };
}
