import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { OpenUdp, UdpBindOptions, UdpPeer, UdpSocket } from '../../net/udp.ts';
import type { NegotiationLimits } from './negotiate.ts';
import {
  ackedBytes,
  beginTransfer,
  step,
  type Transfer,
  type TransferOutcome,
  type TransferStep,
} from './transfer.ts';
import { decodeTftp, encodeTftp, type TftpPacket, type TftpRequest, tftpErrors } from './wire/packet.ts';

/** One read request that is being served. */
export interface SenderJob {
  readonly request: TftpRequest;
  readonly content: Uint8Array;
  readonly client: UdpPeer;
  readonly bind: UdpBindOptions;
  readonly limits: NegotiationLimits;
  /** Called at most once, with the bytes acknowledged. */
  readonly onEnd: (outcome: TransferOutcome, bytes: number) => void;
}

export interface SenderDeps {
  readonly openUdp: OpenUdp;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Drives one transfer: owns its socket (the transfer id of RFC 1350 §4) and its timer. */
export class Sender {
  readonly request: TftpRequest;
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #job: SenderJob;
  readonly #deps: SenderDeps;
  #socket: UdpSocket | undefined;
  #state: Transfer | undefined;
  #cancelTimer: () => void = () => {};
  #over = false;
  #finish: () => void = () => {};

  constructor(job: SenderJob, deps: SenderDeps) {
    this.request = job.request;
    this.#job = job;
    this.#deps = deps;
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
        this.#job.onEnd({ kind: 'failed', reason }, this.ackedBytes);
        await this.#send({ kind: 'error', code: tftpErrors.undefined, message: reason }, this.#job.client);
      }
      this.#finish();
    }
    await this.closed;
  }

  async #run(over: Promise<void>): Promise<void> {
    try {
      this.#socket = await this.#deps.openUdp(this.#job.bind, (data, from) => this.#onDatagram(data, from));
      const { request, content, limits } = this.#job;
      if (!this.#over) this.#apply(beginTransfer(request, content, limits, this.#deps.clock.now()));
    } catch (error) {
      this.#end({ kind: 'failed', reason: `no socket for the transfer: ${messageOf(error)}` });
    }
    await over;
    this.#cancelTimer();
    await this.#socket?.close();
  }

  #onDatagram(data: Uint8Array, from: UdpPeer): void {
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
      void this.#send(
        { kind: 'error', code: tftpErrors.unknownTransferId, message: 'unknown transfer id' },
        from,
      );
    } else if (this.#state !== undefined) {
      this.#apply(step(this.#state, { kind: 'packet', packet, now: this.#deps.clock.now() }));
    }
  }

  #apply([state, effects]: TransferStep): void {
    if (this.#over) return;
    this.#state = state;
    for (const effect of effects) {
      if (effect.kind === 'send') void this.#send(effect.packet, this.#job.client);
      else if (effect.kind === 'end') this.#end(effect.outcome);
      else this.#arm(effect.ms);
    }
  }

  #arm(ms: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#deps.clock.after(ms, () => {
      if (this.#state !== undefined) this.#apply(step(this.#state, { kind: 'timeout' }));
    });
  }

  #end(outcome: TransferOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#job.onEnd(outcome, this.ackedBytes);
    this.#finish();
  }

  async #send(packet: TftpPacket, to: UdpPeer): Promise<void> {
    try {
      await this.#socket?.send(encodeTftp(packet), to);
    } catch (error) {
      // As good as a lost packet: the timer sends it again.
      this.#deps.log.debug({ to, error: messageOf(error) }, 'a TFTP packet could not be sent');
    }
  }
}
