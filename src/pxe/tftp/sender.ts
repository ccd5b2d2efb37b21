import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { UdpPeer, UdpReceiver, UdpSocket } from '../../net/udp.ts';
import type { Negotiated } from './negotiate.ts';
import { type Told, worthTelling } from './progress.ts';
import {
  ackedBytes,
  beginTransfer,
  step,
  type Transfer,
  type TransferOutcome,
  type TransferStep,
} from './transfer.ts';
import { createDataEncoder, dataHeaderBytes, joinPackets } from './wire/data.ts';
import {
  decodeTftp,
  encodeErrorWithin,
  encodeTftp,
  type TftpPacket,
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
  /** The transfer's socket; it is closed at the end. */
  readonly open: (receive: UdpReceiver) => Promise<Pick<UdpSocket, 'send' | 'sendParts' | 'close'>>;
  /** The client was heard for the first time, so that its address is no forgery. */
  readonly onHeard: () => void;
  readonly onProgress: (count: Count) => void;
  /** Called at most once. */
  readonly onEnd: (outcome: TransferOutcome, count: Count) => void;
}

export interface SenderDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Drives one transfer: owns its socket (the transfer id of RFC 1350 §4) and its timer. */
export class Sender {
  readonly request: TftpRequest;
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;
  /** When the client was heard last, in ms. */
  heardAt: number;
  readonly #job: SenderJob;
  readonly #deps: SenderDeps;
  #socket: Pick<UdpSocket, 'send' | 'sendParts' | 'close'> | undefined;
  #state: Transfer | undefined;
  #cancelTimer: () => void = () => {};
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
    if (this.#state !== undefined) this.#apply(step(this.#state, { kind: 'asked-again' }));
  }

  /** Ends it. With a reason the client is told and the outcome is `failed`; without one there is no outcome. */
  async stop(reason?: string): Promise<void> {
    if (!this.#over) {
      this.#over = true;
      if (reason !== undefined) {
        this.#job.onEnd({ kind: 'failed', reason }, this.#count());
        const limit = this.#isHeard ? Number.POSITIVE_INFINITY : encodeTftp(this.request).length;
        await this.#refuse(limit, tftpErrors.undefined, reason, this.#job.client);
      }
      this.#finish();
    }
    await this.closed;
  }

  /** Takes a datagram that came to the transfer's socket. */
  receive(data: Uint8Array, from: UdpPeer): void {
    let packet: TftpPacket;
    try {
      packet = decodeTftp(data);
    } catch {
      return; // noise; the retransmission timer takes care of what it may have been
    }
    const { client } = this.#job;
    if (from.address !== client.address || from.port !== client.port) {
      // RFC 1350 §4: tell the stranger and go on undisturbed; never answer an ERROR with an ERROR.
      if (packet.kind === 'error') return;
      void this.#refuse(data.length, tftpErrors.unknownTransferId, 'unknown transfer id', from);
    } else if (this.#state !== undefined) {
      if (!this.#isHeard) this.#job.onHeard();
      this.#isHeard = true;
      this.heardAt = this.#deps.clock.now();
      this.#apply(step(this.#state, { kind: 'packet', packet, now: this.heardAt }));
    }
  }

  async #run(over: Promise<void>): Promise<void> {
    try {
      this.#socket = await this.#job.open((data, from) => this.receive(data, from));
      const { content, negotiated } = this.#job;
      if (!this.#over) this.#apply(beginTransfer(content, negotiated, this.#deps.clock.now()));
    } catch (error) {
      this.#end({ kind: 'failed', reason: `no socket for the transfer: ${messageOf(error)}` });
    }
    await over;
    this.#cancelTimer();
    await this.#socket?.close();
  }

  #apply([state, effects]: TransferStep): void {
    if (this.#over) return;
    const moved = state.acked !== this.#state?.acked;
    this.#state = state;
    const { client } = this.#job;
    for (const effect of effects) {
      if (effect.kind === 'send-data') {
        this.#sendData(state, effect.first, effect.last);
      } else if (effect.kind === 'wait') this.#arm(effect.ms);
      else if (effect.kind === 'end') this.#end(effect.outcome);
      else void this.#send(encodeTftp({ kind: 'oack', options: state.plan.answer }), client);
    }
    if (moved && !this.#over) this.#tell();
  }

  #sendData({ plan }: Transfer, first: number, last: number): void {
    const { content, blockSize, windowSize } = plan;
    // Made only now: until a client has acknowledged the options, it costs no memory.
    this.#encode ??= createDataEncoder(content, blockSize, windowSize);
    const { client } = this.#job;
    if (first === last || this.#socket?.sendParts === undefined) {
      for (let block = first; block <= last; block++) void this.#send(this.#encode(block), client);
      return;
    }
    const packets: Uint8Array[] = [];
    for (let block = first; block <= last; block++) packets.push(this.#encode(block));
    for (const together of joinPackets(packets))
      void this.#send(together, client, dataHeaderBytes + blockSize);
  }

  #tell(): void {
    const now = { bytes: this.ackedBytes, at: this.heardAt };
    if (!worthTelling(this.#told, now, this.#job.content.length)) return;
    this.#told = now;
    this.#job.onProgress(this.#count());
  }

  #count(): Count {
    return { bytes: this.ackedBytes, retransmits: this.#state?.retransmits ?? 0 };
  }

  #arm(ms: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#deps.clock.after(Math.ceil(ms), () => {
      if (this.#state !== undefined) this.#apply(step(this.#state, { kind: 'timeout' }));
    });
  }

  #end(outcome: TransferOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#job.onEnd(outcome, this.#count());
    this.#finish();
  }

  async #refuse(limit: number, code: number, why: string, to: UdpPeer): Promise<void> {
    const answer = encodeErrorWithin(limit, code, why);
    if (answer !== undefined) await this.#send(answer, to);
  }

  /** `partSize`: `data` is several packets of that size. */
  async #send(data: Uint8Array, to: UdpPeer, partSize?: number): Promise<void> {
    try {
      if (partSize === undefined) await this.#socket?.send(data, to);
      else await this.#socket?.sendParts?.(data, partSize, to);
    } catch (error) {
      // As good as a lost packet: the timer sends it again.
      this.#deps.log.debug({ to, error: messageOf(error) }, 'a TFTP packet could not be sent');
    }
  }
}
