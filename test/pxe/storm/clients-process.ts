import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { type Mac, macFromBytes } from '../../../src/base/mac.ts';
import { code } from '../../../src/pxe/dhcp/wire/option-codes.ts';
import { messageTypes } from '../../../src/pxe/dhcp/wire/options/message-type.ts';
import { decodeDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import { message, type Message } from '../dhcp/client.ts';

/** Said when clients got an acknowledgement in this round, and when all of the round have one. */
export interface StormNews {
  readonly kind: 'fresh' | 'all';
  /** Counted from 1. */
  readonly round: number;
  /** New clients that have an address. */
  readonly fresh: number;
}

/**
 * Many DHCP clients behind one socket. A number on stdin begins a round: all clients that have an address come back for it, by
 * INIT-REBOOT, by renewal or from the beginning (RFC 2131 §4.4), in a random order, and so many new ones come with them. Everybody
 * repeats what is not answered, as the server may be dead.
 */
interface Client {
  readonly mac: Mac;
  readonly isFresh: boolean;
  readonly due: number;
  ask: Message;
  tries: number;
  nextAt: number;
  done: boolean;
}

const [server = ''] = process.argv.slice(2);
const held = new Map<Mac, string>();
let clients = new Map<Mac, Client>();
let made = 0;
let fresh = 0;
let round = 0;
let waiting = 0;
const spreadMs = 1500;
const repeatMs = 1000;

const socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 });
const say = (kind: StormNews['kind']): void =>
  void process.stdout.write(`${JSON.stringify({ kind, round, fresh })}\n`);
const random = (below: number): number => Math.floor(Math.random() * below);

function send({ ask }: Client): void {
  // A renewal goes to the server alone. RFC 2131 §4.4.5
  const to = ask.ciaddr === undefined ? '255.255.255.255' : server;
  // An answer to everybody, as no client has its address on the interface: BROADCAST of RFC 2131 figure 2.
  const flags = ask.ciaddr === undefined ? 0x8000 : 0;
  socket.send(
    message({
      ...ask,
      fields: { flags, xid: Number.parseInt(ask.mac?.slice(9).replaceAll(':', '') ?? '', 16) },
    }),
    67,
    to,
  );
}

function comeBack(mac: Mac, ip: string): Message {
  switch (random(3)) {
    case 0:
      return { type: 'request', mac, requested: ip };
    case 1:
      return { type: 'request', mac, ciaddr: ip };
    default:
      return { type: 'discover', mac };
  }
}

function join(mac: Mac, ask: Message, isFresh: boolean): void {
  const due = Date.now() + random(spreadMs);
  clients.set(mac, { mac, isFresh, due, ask, tries: 0, nextAt: due, done: false });
}

function beginRound(count: number): void {
  // Who has no answer yet goes on asking.
  clients = new Map([...clients].filter(([, { done }]) => !done));
  fresh = 0;
  round += 1;
  for (const [mac, ip] of held) if (!clients.has(mac)) join(mac, comeBack(mac, ip), false);
  for (let n = 0; n < count; n += 1) {
    made += 1;
    const mac = macFromBytes(Uint8Array.of(2, 0, 0, 0, made >> 8, made & 0xff));
    if (mac !== undefined) join(mac, { type: 'discover', mac }, true);
  }
  waiting = clients.size;
}

function receive(data: Uint8Array): void {
  const packet = decodeDhcpPacket(data);
  const mac = macFromBytes(packet.chaddr.subarray(0, 6));
  const client = mac && clients.get(mac);
  if (mac === undefined || client === undefined || client.done || packet.op !== 2) return;
  const type = packet.options.get(code.messageType)?.[0];
  const change = (ask: Message): void => {
    client.ask = ask;
    client.tries = 0;
    client.nextAt = Date.now();
  };
  if (type === messageTypes.offer && client.ask.type === 'discover') {
    change({ type: 'request', mac, requested: packet.yiaddr, serverId: server });
  } else if (type === messageTypes.nak && client.ask.type === 'request') {
    held.delete(mac);
    change({ type: 'discover', mac });
  } else if (type === messageTypes.ack && client.ask.type === 'request') {
    client.done = true;
    held.set(mac, packet.yiaddr);
    waiting -= 1;
    if (client.isFresh) {
      fresh += 1;
      say('fresh');
    }
    if (waiting === 0) say('all');
  }
}

function tick(): void {
  const now = Date.now();
  for (const client of clients.values()) {
    if (client.done || client.nextAt > now) continue;
    // The server that made the offer is gone, or the one that lives knows nothing: begin anew. RFC 2131 §3.1, §3.2
    if (client.ask.type === 'request' && client.tries >= (client.ask.serverId === undefined ? 10 : 3))
      client.ask = { type: 'discover', mac: client.mac };
    client.tries += 1;
    client.nextAt = now + repeatMs + random(200);
    send(client);
  }
}

socket.on('message', receive);
socket.bind(68, '0.0.0.0', () => {
  socket.setBroadcast(true);
  setInterval(tick, 10);
  process.stdout.write('{"kind":"ready"}\n');
});
for await (const line of createInterface({ input: process.stdin })) beginRound(Number(line));
process.exit(0);
