import { addressOf, macBases, macOf, type LoadOrder, type LoadReport } from '../pxe/orders.ts';
import { clientMessage, readReply, setAsked } from '../pxe/packets.ts';
import { type Ipv4, ipv4ToNumber } from '../../src/base/ipv4.ts';
import { openUdp } from '../../src/net/dgram.ts';

/** DHCP clients: argv[2] is a LoadOrder; prints a LoadReport. Each slot does exchange after exchange, as the next client. */
const order = JSON.parse(process.argv[2] ?? '') as LoadOrder;
const retryMs = 1000;

interface Slot {
  client: number;
  /** Of the message that waits for an answer; its low bits are the slot. */
  xid: number;
  isRequest: boolean;
  packet: Buffer;
  begun: number;
  sentAt: number;
}

const slotBits = 12;
const slots: Slot[] = [];
const times: number[] = [];
let [nextClient, serial, repeats, refused] = [0, 1, 0, 0];
let isOver = false;

/** Of a message only these differ; a client that built each anew would be slower than the servers. */
const client = order.asksTime ? 'timed' : 'host';
const templates = {
  discover: clientMessage({ type: 'discover', xid: 0, mac: macOf(order.macBase, 0), client }),
  request: clientMessage({ type: 'request', xid: 0, mac: macOf(order.macBase, 0), client, ip: 0 }),
};

const server = { address: '255.255.255.255', port: 67 };

function send(slot: Slot): void {
  slot.sentAt = performance.now();
  void socket.send(slot.packet, server);
}

function message(slot: Slot, index: number, ip?: number): void {
  slot.xid = ((serial++ << slotBits) | index) >>> 0;
  slot.isRequest = ip !== undefined;
  slot.packet = Buffer.from(templates[slot.isRequest ? 'request' : 'discover']);
  setAsked(slot.packet, { xid: slot.xid, mac: order.macBase + slot.client, ip });
  send(slot);
}

function begin(slot: Slot, index: number): void {
  slot.client = order.firstClient + (nextClient++ % order.clients);
  slot.begun = performance.now();
  message(slot, index);
}

const firstAddress = ipv4ToNumber(addressOf(0));

/** A known client has to get its own address. */
const isRight = (slot: Slot, ip: number): boolean =>
  order.macBase !== macBases.known || ip === firstAddress + slot.client;

function receive(data: Uint8Array): void {
  const reply = readReply(Buffer.from(data.buffer, data.byteOffset, data.length));
  if (reply === undefined || isOver) return;
  const index = reply.xid & ((1 << slotBits) - 1);
  const slot = slots[index];
  if (slot === undefined || slot.xid !== reply.xid) return;
  if (reply.type === 2 && !slot.isRequest) return message(slot, index, reply.ip);
  if (reply.type === 5 && slot.isRequest && isRight(slot, reply.ip)) {
    times.push(performance.now() - slot.begun);
  } else if (reply.type === 2) {
    return;
  } else {
    refused += 1;
  }
  begin(slot, index);
}

// As cheap as can be, or it would be the client that is measured.
const socket = await openUdp(
  { address: '0.0.0.0' as Ipv4, port: 68, broadcast: true, bursts: 'apart' },
  receive,
);
const begun = performance.now();
for (let index = 0; index < order.outstanding; index += 1) {
  const slot: Slot = { client: 0, xid: 0, isRequest: false, packet: Buffer.alloc(0), begun, sentAt: 0 };
  slots.push(slot);
  // Not all at one instant: the first burst alone would overflow any socket.
  setTimeout(() => begin(slot, index), (index * 100) / order.outstanding);
}
const repeating = setInterval(() => {
  const late = performance.now() - retryMs;
  for (const slot of slots) {
    if (slot.sentAt === 0 || slot.sentAt > late) continue;
    repeats += 1;
    send(slot);
  }
}, 100);
setTimeout(() => {
  isOver = true;
  clearInterval(repeating);
  const seconds = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  const report: LoadReport = {
    exchanges: times.length,
    perSecond: times.length / seconds,
    p50Ms: times[Math.floor(times.length / 2)] ?? Number.NaN,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    repeats,
    refused,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}, order.seconds * 1000);
