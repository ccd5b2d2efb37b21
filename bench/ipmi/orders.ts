/** What the looker is told: `cold` logs in to all, asks and closes; `warm` asks over sessions that are kept; `close` ends those. */
export interface LookOrder {
  readonly kind: 'cold' | 'warm' | 'close';
}

export interface LookAnswer {
  /** BMCs that told their power. */
  readonly answered: number;
  readonly ms: number;
}

/** What the poller of a fleet has seen since its start. */
export interface PollReport {
  readonly looks: number;
  readonly failed: number;
  /** Latest look: milliseconds between when it was due and when it began. */
  readonly worstLagMs: number;
  readonly cpuMs: number;
  readonly rssMiB: number;
}

/** What the reader of consoles is told: all of them are opened once; a report may be asked for at any time. */
export interface ReadOrder {
  readonly kind: 'open' | 'report' | 'close';
}

export interface ReadReport {
  readonly characters: number;
  /** Characters that are not those which the machine sent at that place, and places where the BMC says that some are missing. */
  readonly wrong: number;
  readonly gaps: number;
  /** Processor time since the consoles were open. */
  readonly cpuMs: number;
}

export interface WriteOrder {
  readonly seconds: number;
}

export interface WriteAnswer {
  /** Characters that each machine wrote. */
  readonly characters: number;
  readonly ms: number;
}
