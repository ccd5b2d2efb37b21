import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { UdpPeer } from '../../net/udp.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import type { Negotiated } from './negotiate.ts';
import { type Told, worthTelling } from './progress.ts';
import {
  ackedBytes,
  beginTransfer,
  step,
  type Transfer,
  type TransferEvent,
  type TransferOutcome,
  type TransferStep,
} from './transfer.ts';
import type { Line, Receive } from './transfer-port.ts';
import { createDataEncoder, dataHeaderBytes, joinPackets } from './wire/data.ts';
import {
  encodeErrorWithin,
  encodeTftp,
  receivedPacket,
  type TftpRequest,
  tftpErrors,
} from './wire/packet.ts';

/** How far a transfer is. */
export interface Count {
  readonly bytes: number;
  readonly retransmits: number;
}

/** One read request that is being served. */
export interface SenderJob {
  readonly request: TftpRequest;
  readonly content: Uint8Array;
  readonly negotiated: Negotiated;
  readonly client: UdpPeer;
  /** The way to the client; it is closed at the end. */
  readonly open: (receive: Receive) => Line | Promise<Line>;
  /** The client was heard for the first time, so that its address is no forgery. */
  readonly onHeard: () => void;
  readonly onProgress: (count: Count) => void;
  /** Called at most once. */
  readonly onEnd: (outcome: TransferOutcome, count: Count) => void;
}

export interface SenderDeps {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly log: Logger;
}

/** Blocks of a window that leave by one call: so few that the client works on them while the next ones are made. */
const partBlocks = 8;

/** Drives one transfer: owns its way to the client and its deadline. */
export class Sender {
  readonly request: TftpRequest;
  /** Resolves when the way to the client is closed. */
  readonly closed: Promise<void>;
  /** When the client was heard last, in ms. */
  heardAt: number;
  readonly #job: SenderJob;
  readonly #deps: SenderDeps;
  readonly #deadline: Deadline;
  #line: Line | undefined;
  #state: Transfer | undefined;
  #over = false;
  #isHeard = false;
  #finish: () => void = () => {};
  #told: Told;
  #encode: ((block: number) => Uint8Array) | undefined;

  constructor(job: SenderJob, deps: SenderDeps) {
    this.request = job.request;
    this.#job = job;
    this.#deps = deps;
    this.heardAt = deps.clock.now();
    this.#told = { bytes: 0, at: this.heardAt };
    this.#deadline = deps.deadlines.create(() => this.#step({ kind: 'timeout' }, deps.clock.now()));
    const over = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.closed = this.#run(over);
  }

  get ackedBytes(): number {
    return this.#state === undefined ? 0 : ackedBytes(this.#state);
  }

  /** The client sent its request once more. */
  askedAgain(): void {
    this.#step({ kind: 'asked-again' }, this.#deps.clock.now());
  }

  /** Ends it. With a reason the client is told and the outcome is `failed`; without one there is no outcome. */
  async stop(reason?: string): Promise<void> {
    if (!this.#over) {
      this.#over = true;
      if (reason !== undefined) {
        this.#job.onEnd({ kind: 'failed', reason }, this.#count());
        const limit = this.#isHeard ? Number.POSITIVE_INFINITY : encodeTftp(this.request).length;
        const answer = encodeErrorWithin(limit, tftpErrors.undefined, reason);
        if (answer !== undefined) await this.#line?.send(answer, this.#job.client).catch(this.#unsent);
      }
      this.#finish();
    }
    await this.closed;
  }

  /** Takes a datagram of the client. */
  receive(data: Uint8Array): void {
    // Noise is left to the timer, which takes care of what it may have been.
    const packet = receivedPacket(data);
    if (packet === undefined || this.#state === undefined || this.#over) return;
    if (!this.#isHeard) this.#job.onHeard();
    this.#isHeard = true;
    this.heardAt = this.#deps.clock.now();
    this.#step({ kind: 'packet', packet, now: this.heardAt }, this.heardAt);
  }

  async #run(over: Promise<void>): Promise<void> {
    try {
      this.#line = await this.#job.open((data) => this.receive(data));
      const now = this.#deps.clock.now();
      if (!this.#over) this.#apply(beginTransfer(this.#job.content, this.#job.negotiated, now), now);
    } catch (error) {
      this.#end({ kind: 'failed', reason: `no socket for the transfer: ${messageOf(error)}` });
    }
    await over;
    this.#deadline.cancel();
    await this.#line?.close();
  }

  #step(event: TransferEvent, now: number): void {
    if (this.#state !== undefined && !this.#over) this.#apply(step(this.#state, event), now);
  }

  #apply([state, effects]: TransferStep, now: number): void {
    const moved = state.acked !== this.#state?.acked;
    this.#state = state;
    for (const effect of effects) {
      if (effect.kind === 'send-data') this.#sendData(state, effect.first, effect.last);
      else if (effect.kind === 'wait') this.#deadline.set(now, Math.ceil(effect.ms));
      else if (effect.kind === 'end') this.#end(effect.outcome);
      else this.#send(encodeTftp({ kind: 'oack', options: state.plan.answer }));
    }
    if (moved && !this.#over) this.#tell();
  }

  #sendData({ plan }: Transfer, first: number, last: number): void {
    const { content, blockSize, windowSize, lastBlock } = plan;
    const line = this.#line;
    const ahead = line?.sendParts === undefined ? 0 : partBlocks;
    // Made only now: until a client has acknowledged the options, it costs no memory.
    this.#encode ??= createDataEncoder(content, blockSize, windowSize + ahead);
    if (line?.sendParts === undefined) {
      for (let block = first; block <= last; block++) this.#send(this.#encode(block));
      return;
    }
    for (let from = first; from <= last; from += partBlocks) {
      const packets: Uint8Array[] = [];
      for (let block = from; block < from + partBlocks && block <= last; block++)
        packets.push(this.#encode(block));
      for (const together of joinPackets(packets))
        line.sendParts(together, dataHeaderBytes + blockSize, this.#job.client).catch(this.#unsent);
    }
    // What will be wanted first, while the client is busy with what it got.
    for (let block = last + 1; block <= last + ahead && block <= lastBlock; block++) this.#encode(block);
  }

  #tell(): void {
    const { ackedBytes: bytes, heardAt: at } = this;
    if (!worthTelling(this.#told, bytes, at, this.#job.content.length)) return;
    this.#told = { bytes, at };
    this.#job.onProgress(this.#count());
  }

  #count(): Count {
    return { bytes: this.ackedBytes, retransmits: this.#state?.retransmits ?? 0 };
  }

  #end(outcome: TransferOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#job.onEnd(outcome, this.#count());
    this.#finish();
  }

  #send(data: Uint8Array): void {
    this.#line?.send(data, this.#job.client).catch(this.#unsent);
  }

  /** As good as a lost packet: the timer sends it again. */
  readonly #unsent = (error: unknown): void => {
    this.#deps.log.debug(
      { to: this.#job.client, error: messageOf(error) },
      'a TFTP packet could not be sent',
    );
  };
}
