import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { UdpPeer, UdpReceiver, UdpSocket } from '../../net/udp.ts';
import { ByClient } from './by-client.ts';
import type { Vigil } from './vigil.ts';
import { decodeTftp, encodeErrorWithin, tftpErrors } from './wire/packet.ts';

/** Takes a datagram of one client, which is good until it returns. */
export type Receive = (data: Uint8Array) => void;

/** One transfer's way to its client. */
export interface Line extends Pick<UdpSocket, 'send' | 'sendParts'> {
  /** Gives it back; nothing is received any more. */
  close(): Promise<void>;
}

export interface TransferPortDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly vigil: Vigil;
  /** False when this address got enough refusals for now. */
  readonly mayRefuse: (address: string) => boolean;
}

/** For so long at least, duplicates of a transfer that is over must not be taken for those of the next one. */
const quarantineMs = 10_000;

/** A socket that answers leave from: the server's transfer id of RFC 1350 §4. Transfers of several clients may share it. */
export class TransferPort {
  readonly #deps: TransferPortDeps;
  readonly #socket: UdpSocket;
  readonly #active: ByClient<Receive>;
  /** Clients whose transfers ended in this span of time, and in the one before. */
  #ended = new ByClient<true>();
  #endedBefore = new ByClient<true>();
  #span = 0;

  private constructor(socket: UdpSocket, active: ByClient<Receive>, deps: TransferPortDeps) {
    this.#socket = socket;
    this.#active = active;
    this.#deps = deps;
  }

  /** Rejects as `open`. */
  static async open(
    open: (receive: UdpReceiver) => Promise<UdpSocket>,
    deps: TransferPortDeps,
  ): Promise<TransferPort> {
    const active = new ByClient<Receive>();
    let opened: UdpSocket | undefined;
    const socket = await open((data, from) => {
      const receive = active.get(from);
      if (receive !== undefined) {
        deps.vigil.heard();
        receive(data);
      } else if (opened !== undefined) refuseStranger(opened, data, from, deps);
    });
    opened = socket;
    return new TransferPort(socket, active, deps);
  }

  /**
   * The way to `client`, whose datagrams go to `receive`. Undefined while its address and port have one already, or had it in the last ten
   * seconds: the ids of both sides are all that tells two transfers apart (RFC 1350 §4), and ROMs use their port again.
   */
  take(client: UdpPeer, receive: Receive): Line | undefined {
    this.#turn();
    if (this.#active.get(client) || this.#ended.get(client) || this.#endedBefore.get(client))
      return undefined;
    this.#active.set(client, receive);
    const socket = this.#socket;
    return {
      send: (data, to) => socket.send(data, to),
      ...(socket.sendParts && {
        sendParts: (data, size, to) => socket.sendParts?.(data, size, to) ?? Promise.resolve(),
      }),
      close: () => {
        if (this.#active.get(client) === receive) {
          this.#active.delete(client);
          this.#turn();
          this.#ended.set(client, true);
        }
        return Promise.resolve();
      },
    };
  }

  close(): Promise<void> {
    return this.#socket.close();
  }

  #turn(): void {
    const span = Math.floor(this.#deps.clock.now() / quarantineMs);
    if (span === this.#span) return;
    this.#endedBefore = span === this.#span + 1 ? this.#ended : new ByClient();
    this.#ended = new ByClient();
    this.#span = span;
  }
}

/** RFC 1350 §4: tell the stranger and go on undisturbed; never answer an ERROR with an ERROR. */
function refuseStranger(
  socket: UdpSocket,
  data: Uint8Array,
  from: UdpPeer,
  { log, mayRefuse }: TransferPortDeps,
): void {
  // Nothing that it could be answered: most of what strays are the last ACKs of transfers that are over.
  const answer = encodeErrorWithin(data.length, tftpErrors.unknownTransferId, 'unknown transfer id');
  if (answer === undefined || !isAnswerable(data) || from.port === 0 || !mayRefuse(from.address)) return;
  socket
    .send(answer, from)
    .catch((error: unknown) => log.debug({ to: from, error: messageOf(error) }, 'TFTP error not sent'));
}

function isAnswerable(data: Uint8Array): boolean {
  try {
    return decodeTftp(data).kind !== 'error';
  } catch {
    return false; // noise
  }
}
