import type { Clock } from '../../base/clock.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { RawSocket } from './raw-socket.ts';

/** An answer ends a wait within this time after it arrived; the timer runs only while somebody waits. */
const lookEveryMs = 10;
/** Packets taken at one look, so that a flood of them holds nothing up. */
const packetsPerLook = 256;

/** How one kind of question is put to a polled socket. */
export interface Questions<Answer> {
  readonly socket: RawSocket;
  /** Asks about one address, once. */
  readonly ask: (ip: Ipv4) => void;
  /** Whom a packet is from and what it says; undefined for anything that is no answer. Must not throw. */
  readonly read: (packet: Uint8Array) => { readonly ip: Ipv4; readonly answer: Answer } | undefined;
  /** When to ask, ms after the first time, which is 0. */
  readonly repeatAtMs: readonly number[];
  readonly giveUpAfterMs: number;
  /** Addresses asked about at a time. */
  readonly mostOpen: number;
}

/** Asks about many addresses at a time over one socket. */
export interface PolledAsker<Answer> {
  /** The first answer; undefined when none came in time, at once when too many questions are open. Never rejects. */
  ask(ip: Ipv4): Promise<Answer | undefined>;
  /** Ends every wait without an answer, and closes the socket. */
  close(): void;
}

interface Open<Answer> {
  /** ms since the epoch. */
  since: number;
  /** Times that it was asked again. */
  repeated: number;
  readonly answer: Promise<Answer | undefined>;
  readonly settle: (answer: Answer | undefined) => void;
}

/** Builds the asker; it takes over the socket. */
export function createPolledAsker<Answer>(questions: Questions<Answer>, clock: Clock): PolledAsker<Answer> {
  const { socket } = questions;
  const open = new Map<Ipv4, Open<Answer>>();
  let cancelLook: (() => void) | undefined;
  let isClosed = false;

  // One timer for all: a hall that powers on has hundreds of questions open, and three timers each were most of their cost.
  function look(): void {
    cancelLook = undefined;
    // What is here already comes first, or a late timer of a busy process would pass it by.
    for (let count = 0; count < packetsPerLook; count++) {
      const packet = socket.receive();
      if (packet === undefined) break;
      const found = questions.read(packet);
      if (found !== undefined) open.get(found.ip)?.settle(found.answer);
    }
    const now = clock.now();
    for (const [ip, one] of open) goOn(ip, one, now);
    keepLooking();
  }

  function goOn(ip: Ipv4, one: Open<Answer>, now: number): void {
    // The machine's clock was set back.
    if (now < one.since) one.since = now;
    const waited = now - one.since;
    if (waited >= questions.giveUpAfterMs) return one.settle(undefined);
    const next = questions.repeatAtMs[one.repeated];
    if (next === undefined || waited < next) return;
    one.repeated += 1;
    questions.ask(ip);
  }

  function keepLooking(): void {
    if (open.size > 0 && !isClosed) cancelLook ??= clock.after(lookEveryMs, look);
  }

  function drain(): void {
    for (let count = 0; count < packetsPerLook && socket.receive() !== undefined; count++);
  }

  function begin(ip: Ipv4): Promise<Answer | undefined> {
    // What came while nobody waited is old: its sender may be gone.
    if (open.size === 0) drain();
    let settle: Open<Answer>['settle'] = () => undefined;
    const answer = new Promise<Answer | undefined>((resolve) => {
      settle = (value) => {
        open.delete(ip);
        resolve(value);
      };
    });
    open.set(ip, { since: clock.now(), repeated: 0, answer, settle });
    questions.ask(ip);
    keepLooking();
    return answer;
  }

  return {
    async ask(ip) {
      const known = open.get(ip);
      if (known !== undefined) return known.answer;
      if (isClosed || open.size >= questions.mostOpen) return undefined;
      return begin(ip);
    },
    close() {
      isClosed = true;
      cancelLook?.();
      for (const { settle } of open.values()) settle(undefined);
      socket.close();
    },
  };
}
