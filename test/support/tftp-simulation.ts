import { negotiate } from '../../src/pxe/tftp/negotiate.ts';
import { beginTransfer, step, type TransferOutcome, type TransferStep } from '../../src/pxe/tftp/transfer.ts';
import { createDataEncoder } from '../../src/pxe/tftp/wire/data.ts';
import { decodeTftp, type TftpOption, type TftpPacket } from '../../src/pxe/tftp/wire/packet.ts';

/** A channel between sender and receiver; the probabilities hold for each packet in each direction. */
export interface Channel {
  readonly seed: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly jitterMs: number;
}

/** Small, good-enough generator of numbers in [0, 1), so that a failure can be repeated. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return ((state >>> 8) & 0xffffff) / 0x1000000;
  };
}

/** Runs a transfer against a receiver that follows RFC 1350 §4 and RFC 7440 §4, in virtual time. */
export function simulate(content: Uint8Array, options: readonly TftpOption[], channel: Channel) {
  const random = randomOf(channel.seed);
  const queue: { at: number; order: number; run: () => void }[] = [];
  let order = 0;
  let now = 0;
  let lost = 0;
  let dataSent = 0;
  let outcome: TransferOutcome | undefined;
  let timer: object = {};
  let encode: ((block: number) => Uint8Array) | undefined;
  const received: Uint8Array[] = [];

  const later = (ms: number, run: () => void): void => {
    const item = { at: now + ms, order: order++, run };
    let index = queue.length;
    while (index > 0 && (queue[index - 1]?.at ?? 0) > item.at) index--;
    queue.splice(index, 0, item);
  };
  const transmit = (run: () => void): void => {
    const copies = random() < channel.duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (random() < channel.loss) lost++;
      else later(1 + random() * channel.jitterMs, run);
    }
  };

  // Receiver
  const option = (name: string, otherwise: number): number =>
    Number(options.find((o) => o.name === name)?.value ?? otherwise);
  const blockSize = option('blksize', 512);
  const windowSize = option('windowsize', 1);
  let inOrder = 0;
  let sinceAck = 0;
  let complete = false;
  let heard = options.length === 0;
  const sendAck = (): void => {
    sinceAck = 0;
    const block = inOrder & 0xffff;
    transmit(() => toSender({ kind: 'ack', block }));
  };
  const toReceiver = (packet: TftpPacket): void => {
    if (packet.kind === 'oack') {
      heard = true;
      if (inOrder === 0) sendAck();
    } else if (packet.kind === 'data' && heard) {
      const ahead = (packet.block - inOrder) & 0xffff;
      if (ahead === 1 && !complete) {
        inOrder += 1;
        sinceAck += 1;
        received.push(packet.data);
        complete = packet.data.length < blockSize;
        if (complete || sinceAck === windowSize) sendAck();
      } else {
        sendAck();
      }
    }
  };
  const receiverTimer = (): void => {
    if (outcome !== undefined) return;
    if (heard && inOrder > 0) sendAck();
    later(3000, receiverTimer);
  };

  // Sender
  const apply = ([next, effects]: TransferStep): void => {
    state = next;
    for (const effect of effects) {
      if (effect.kind === 'end') outcome = effect.outcome;
      else if (effect.kind === 'wait') {
        const mine = {};
        timer = mine;
        later(effect.ms, () => {
          if (timer === mine && outcome === undefined) apply(step(state, { kind: 'timeout' }));
        });
      } else if (effect.kind === 'send-options') {
        const { answer } = state.plan;
        transmit(() => toReceiver({ kind: 'oack', options: answer }));
      } else {
        const { content: bytes, blockSize: size, windowSize: window } = state.plan;
        encode ??= createDataEncoder(bytes, size, window);
        for (let block = effect.first; block <= effect.last; block++) {
          const packet = decodeTftp(encode(block));
          dataSent++;
          transmit(() => toReceiver(packet));
        }
      }
    }
  };
  const toSender = (packet: TftpPacket): void => {
    if (outcome === undefined) apply(step(state, { kind: 'packet', packet, now }));
  };

  const limits = { maxBlockSize: 1468, maxWindowSize: 64 };
  const first = beginTransfer(content, negotiate(options, content.length, limits), 0);
  let state = first[0];
  later(3000, receiverTimer);
  apply(first);
  for (;;) {
    if (outcome !== undefined) break;
    const item = queue.shift();
    if (item === undefined || now > 3_600_000) throw new Error('the transfer hangs');
    now = item.at;
    item.run();
  }
  const { retransmits } = state;
  return { outcome, received: Buffer.concat(received), dataSent, retransmits, lost, ms: now };
}
