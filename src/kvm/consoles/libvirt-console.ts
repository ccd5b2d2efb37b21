import { Duplex } from 'node:stream';
import { WireError } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Uuid } from '../../base/uuid.ts';
import { KvmError } from '../errors.ts';
import {
  decodeFault,
  decodeIsOpen,
  encodeDomainByUuid,
  encodeOpen,
  encodeOpenConsole,
  type LibvirtFault,
  procedures,
} from './wire/calls.ts';
import { encodePacket, type Packet, packetStatus, packetTypes, takePacket } from './wire/packet.ts';

/** What the console of a domain is opened with. */
export interface LibvirtConsoleOptions {
  /** A stream to libvirt's socket; it belongs to the console from now on. */
  readonly stream: Duplex;
  readonly uri: string;
  readonly uuid: Uuid;
  /** Ends another one's console; without it that one is left alone. */
  readonly takeOver: boolean;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

const usualTimeoutMs = 15_000;
/** A daemon takes 256 KiB; smaller ones let go of a slow line sooner. */
const maxPieceBytes = 16 * 1024;
/** `VIR_ERR_OPERATION_FAILED`: of this call, that the console is taken; `VIR_ERR_NO_DOMAIN`; `VIR_ERR_OPERATION_INVALID`. */
const faults = { taken: 9, noDomain: 42, notRunning: 55 } as const;

/**
 * The serial console of a running domain through libvirt's own daemon, which gives it to one client at a time and takes it back when
 * the stream to that client ends. Nothing runs on the host for it. Rejects with KvmError: `conflict` while another client has it,
 * `refused` when the domain is gone or off, `command-failed`.
 */
export async function openLibvirtConsole(options: LibvirtConsoleOptions): Promise<Duplex> {
  const { stream, uri, uuid, takeOver, clock, timeoutMs = usualTimeoutMs } = options;
  const talk = new ConsoleTalk(stream);
  const cancel = clock.after(timeoutMs, () =>
    talk.destroy(failed('it does not answer; look at libvirtd there (systemctl status libvirtd virtqemud)')),
  );
  try {
    if (!decodeIsOpen(await talk.call(procedures.authList, new Uint8Array()))) {
      throw failed('it asks for a login (auth_unix_rw in libvirtd.conf); log in to the host as root');
    }
    await talk.call(procedures.open, encodeOpen(uri));
    const domain = await talk.call(procedures.domainByUuid, encodeDomainByUuid(uuid));
    await talk.openStream(procedures.openConsole, encodeOpenConsole(domain, takeOver));
    return talk;
  } catch (error) {
    talk.destroy();
    throw error instanceof WireError ? failed(`it answers what it should not (${error.message})`) : error;
  } finally {
    cancel();
  }
}

const failed = (why: string): KvmError =>
  new KvmError('command-failed', `libvirt on the host does not open the console: ${why}`);

/** What a daemon says of a console that it ends is little: `stream had I/O failure` for one that another client took over. */
const endedBy = ({ text }: LibvirtFault): KvmError =>
  new KvmError(
    'command-failed',
    `libvirt ended the serial console: the VM stopped or moved, or somebody else took the console over (${wordsOf(text)})`,
  );

const wordsOf = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 300);

function errorOfFault({ code, text }: LibvirtFault, procedure: number): KvmError {
  if (procedure === procedures.openConsole && code === faults.taken) {
    return new KvmError(
      'conflict',
      `somebody else has the serial console of this VM; take it over, or end that one on its host (virsh console). libvirt says: ${wordsOf(text)}`,
    );
  }
  if (code === faults.noDomain || code === faults.notRunning) {
    return new KvmError('refused', 'the VM does not run on this host; start it first');
  }
  return failed(wordsOf(text) || `error ${code}`);
}

/** One connection to the daemon: some calls, one after the other, then a console's bytes. */
class ConsoleTalk extends Duplex {
  readonly #raw: Duplex;
  #received: Buffer = Buffer.alloc(0);
  #serial = 0;
  #waiting:
    | { readonly resolve: (packet: Packet) => void; readonly reject: (error: Error) => void }
    | undefined;
  #isStream = false;
  #procedure = 0;

  constructor(raw: Duplex) {
    super({ allowHalfOpen: false });
    this.#raw = raw;
    raw.on('data', (chunk: Buffer) => this.#take(chunk));
    raw.on('error', (error) => this.destroy(error));
    raw.on('end', () => this.#rawEnded());
    raw.on('close', () => this.#rawEnded());
    // Whoever waits for an answer is told by that; without one there is nobody to tell yet.
    this.on('error', () => undefined);
  }

  /** The payload of the answer. */
  async call(procedure: number, payload: Uint8Array): Promise<Uint8Array> {
    if (this.destroyed) throw this.errored ?? failed('it closed the connection');
    const serial = ++this.#serial;
    this.#procedure = procedure;
    const answer = await new Promise<Packet>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      const { call: type } = packetTypes;
      this.#raw.write(encodePacket({ procedure, type, serial, status: packetStatus.ok, payload }));
    });
    if (answer.status === packetStatus.error) throw errorOfFault(decodeFault(answer.payload), procedure);
    return answer.payload;
  }

  /** A call whose packets of type stream are the bytes of this stream. */
  async openStream(procedure: number, payload: Uint8Array): Promise<void> {
    // Before the answer: the first bytes may come in one piece with it.
    this.#isStream = true;
    await this.call(procedure, payload);
  }

  #rawEnded(): void {
    if (this.#waiting !== undefined || !this.#isStream) this.destroy(failed('it closed the connection'));
    else this.#finish();
  }

  #finish(): void {
    if (!this.readableEnded && !this.destroyed) this.push(null);
    this.#raw.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    try {
      for (;;) {
        const taken = this.destroyed ? undefined : takePacket(this.#received);
        if (taken === undefined) return;
        this.#received = this.#received.subarray(taken.length);
        if (taken.packet?.serial === this.#serial) this.#heed(taken.packet);
      }
    } catch (error) {
      this.destroy(failed(`it sends what it should not (${error instanceof Error ? error.message : ''})`));
    }
  }

  #heed(packet: Packet): void {
    if (packet.type === packetTypes.reply) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      return waiting?.resolve(packet);
    }
    if (packet.type !== packetTypes.stream || !this.#isStream) return;
    if (packet.status === packetStatus.error) {
      return void this.destroy(endedBy(decodeFault(packet.payload)));
    }
    // No bytes are the end: the domain stopped, or another client took the console over.
    if (packet.status !== packetStatus.continue || packet.payload.length === 0) return this.#finish();
    if (!this.push(packet.payload)) this.#raw.pause();
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { stream: type } = packetTypes;
    const { continue: status } = packetStatus;
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; at += maxPieceBytes) {
      const payload = chunk.subarray(at, at + maxPieceBytes);
      pieces.push(encodePacket({ procedure: this.#procedure, type, serial: this.#serial, status, payload }));
    }
    this.#raw.write(Buffer.concat(pieces), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error ?? failed('the connection was closed'));
    this.#raw.destroy();
    done(error);
  }
}
