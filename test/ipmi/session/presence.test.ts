import { expect, it } from 'vitest';
import { pingPresence } from '../../../src/ipmi/index.ts';
import type { OpenUdp } from '../../../src/net/udp.ts';
import { decodeAsf, encodeAsf, noMakerIana } from '../../../src/ipmi/wire/asf.ts';
import { decodeRmcp, encodeRmcp, rmcpClass } from '../../../src/ipmi/wire/rmcp.ts';
import { virtualTime } from '../../support/virtual-net.ts';

const rmcp = (body: Uint8Array) =>
  encodeRmcp({ sequence: 0xff, messageClass: rmcpClass.asf, isAck: false, body });

/** A network where `answer` says what comes back from an address for each ping. */
function network(answer: (address: string, tag: number, nth: number) => readonly Uint8Array[]) {
  const time = virtualTime();
  const counts = new Map<string, number>();
  let open = 0;
  const openUdp: OpenUdp = async (_bind, receive) => {
    open++;
    return {
      local: { address: '127.0.0.1', port: 40_000 },
      async send(data, to) {
        if (to.address === '192.0.2.99') throw new Error('no route');
        const message = decodeAsf(decodeRmcp(data).body);
        const nth = (counts.get(to.address) ?? 0) + 1;
        counts.set(to.address, nth);
        for (const bytes of answer(to.address, message?.kind === 'ping' ? message.tag : -1, nth))
          time.clock.after(1, () => receive(bytes, to));
      },
      async close() {
        open--;
      },
    };
  };
  const deps = { openUdp, clock: time.clock, random: () => Uint8Array.of(0xff) };
  const ping = (addresses: readonly string[]) => time.settle(pingPresence(addresses, deps));
  return { ping, counts, sockets: () => open };
}

const pong = (tag: number) =>
  rmcp(
    encodeAsf({
      kind: 'pong',
      tag,
      oemIana: noMakerIana,
      oemData: 0,
      supportsIpmi: true,
      asfVersion: 1,
      supportsSecureAsf: false,
      supportsDash: true,
    }),
  );

it('finds the machines of a network over one socket, the shy ones in a second round', async () => {
  const addresses = Array.from({ length: 254 }, (_, i) => `192.0.2.${i + 1}`);
  const net = network((address, tag, nth) => {
    if (address === '192.0.2.7') return [pong(tag)];
    return address === '192.0.2.8' && nth === 2 ? [pong(tag)] : [];
  });
  const found = await net.ping(addresses);
  expect([...found.keys()]).toEqual(['192.0.2.7', '192.0.2.8']);
  expect(found.get('192.0.2.7')).toMatchObject({ supportsIpmi: true, supportsDash: true });
  expect(net.counts.get('192.0.2.7')).toBe(1);
  expect(net.counts.get('192.0.2.9')).toBe(2);
  expect(net.sockets()).toBe(0);
});

it('takes no other tag, class, message or rubbish for a pong', async () => {
  const net = network((_address, tag) => [
    pong((tag + 1) & 0xff),
    rmcp(encodeAsf({ kind: 'ping', tag })),
    encodeRmcp({ sequence: 0xff, messageClass: rmcpClass.ipmi, isAck: false, body: pong(tag).subarray(4) }),
    encodeRmcp({ sequence: 0xff, messageClass: rmcpClass.asf, isAck: true, body: new Uint8Array() }),
    pong(tag).subarray(0, 20),
    new Uint8Array(),
  ]);
  expect((await net.ping(['192.0.2.7'])).size).toBe(0);
});

it('uses no tag that forbids an answer', async () => {
  const tags: number[] = [];
  const net = network((_address, tag) => {
    tags.push(tag);
    return [];
  });
  await net.ping(['192.0.2.7']);
  expect(tags.every((tag) => tag >= 0 && tag < 0xff)).toBe(true);
  expect(tags).toHaveLength(2);
});
