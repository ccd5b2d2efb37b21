import { createSocket } from 'node:dgram';
import { ipv4ToNumber } from '../../src/base/ipv4.ts';
import { addressOf, macBases, macOf } from '../pxe/orders.ts';
import { clientMessage, isClientMessage, readReply } from '../pxe/packets.ts';
import { mutated, numbersFrom } from './mutate.ts';
import type { AttackOrder } from './orders.ts';
import { type Asked, burst, Tally, witnessMs } from './tally.ts';

const names: Readonly<Record<number, string>> = { 2: 'OFFER', 5: 'ACK', 6: 'NAK' };

/** Damaged DHCP messages of known and of unknown machines; answers come by broadcast and are told apart by xid. */
export async function attackDhcp(order: AttackOrder, tally: Tally): Promise<number> {
  const pick = numbersFrom(order.seed);
  const ip = ipv4ToNumber(addressOf(0));
  const genuine = Array.from({ length: 60 }, (_, n) => {
    const mac = macOf(n % 4 === 3 ? macBases.fresh : macBases.known, n % (order.known - 1));
    const client = (['rom', 'ipxe', 'host'] as const)[n % 3] ?? 'host';
    return n % 2 === 0
      ? clientMessage({ type: 'discover', xid: 0, mac, client })
      : clientMessage({ type: 'request', xid: 0, mac, client, ip: ip + n });
  });
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 4 << 20,
    lookup: (host, _options, found) => found(null, host, 4),
  });
  await new Promise<void>((resolve) => socket.bind(68, resolve));
  socket.setBroadcast(true);
  const sent = new Map<number, Asked>();
  let onWitness = (): void => undefined;
  const witnessXid = 0xffff_fff0;
  socket.on('message', (data) => {
    const reply = readReply(data);
    if (reply === undefined) return;
    if (reply.xid === witnessXid) return onWitness();
    const asked = sent.get(reply.xid);
    if (asked !== undefined) tally.note(names[reply.type] ?? 'other', data.length, asked);
  });
  const send = (packet: Buffer): void => socket.send(packet, 67, '255.255.255.255');
  const witness = clientMessage({
    type: 'discover',
    xid: witnessXid,
    mac: macOf(macBases.known, order.known - 1),
    client: 'rom',
  });
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const begun = performance.now();
      const again = setInterval(() => {
        if (performance.now() - begun < witnessMs) return send(witness);
        clearInterval(again);
        reject(new Error('the DHCP server answers its known machine no more'));
      }, 500);
      onWitness = () => {
        clearInterval(again);
        resolve();
      };
      send(witness);
    });
  let witnessed = 0;
  for (let at = 0; at < order.cases; ) {
    for (let n = 0; n < burst && at < order.cases; n += 1, at += 1) {
      const packet = mutated(genuine, pick);
      if (packet.length >= 8) packet.writeUInt32BE(at + 1, 4);
      sent.set(at + 1, { bytes: packet.length, isWellFormed: isClientMessage(packet) });
      sent.delete(at - 10_000);
      send(packet);
    }
    await ask();
    witnessed += 1;
  }
  socket.close();
  return witnessed;
}
