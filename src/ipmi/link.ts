import type { Execute } from './execute.ts';
import type { LoginFacts } from './session/facts.ts';
import type { BmcClient, IpmiError } from './types.ts';

/** Serial over LAN beside the commands of a session: payloads go in and out as they are; packets are protected by the session. */
export interface SolPort {
  /** Sends at once, also while a command is under way. Throws IpmiError `closed` when the session has ended. */
  readonly send: (payload: Uint8Array) => void;
  /** Calls `handler` with each payload that passed the session's checks; the returned function ends that. */
  readonly onPayload: (handler: (payload: Uint8Array) => void) => () => void;
}

/** What a login agreed on. */
export interface LinkFacts extends Partial<LoginFacts> {
  readonly protocol: '2.0' | '1.5';
  /** Number of the suite in use; undefined with IPMI 1.5. */
  readonly cipherSuite: number | undefined;
  /** Of the session's privilege levels, IPMI's number. */
  readonly privilege: number;
}

/** An open session under the verbs of BmcClient, for parts that bring their own commands. */
export interface BmcLink {
  readonly facts: LinkFacts;
  /** Runs one command when its turn comes. */
  readonly run: Execute;
  /** Runs `work` alone: nothing else uses the session until it is done. `run` inside of it would wait for ever; use what it is given. */
  readonly exclusively: <T>(work: (execute: Execute) => Promise<T>) => Promise<T>;
  /** Throws IpmiError `bad-target` with IPMI 1.5, which carries commands only. */
  readonly solPort: () => SolPort;
  /** Calls `handler` once when the session is lost or closed; the returned function ends that. */
  readonly onEnd: (handler: (error: IpmiError) => void) => () => void;
}

/** A logged-in client with everything that it can do. */
export type BmcSession = BmcClient & BmcLink;
