import { describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Logger } from '../../src/base/log.ts';
import { silentLog } from '../../src/base/log.ts';
import { createOpenUdp, openUdp } from '../../src/net/dgram.ts';
import { NetError } from '../../src/net/errors.ts';
import type { UdpBindOptions, UdpPeer } from '../../src/net/udp.ts';
import { needRoot } from '../support/need.ts';

const loopback = '127.0.0.1' as Ipv4;
const plain: UdpBindOptions = { address: loopback, port: 0 };

async function failure(options: UdpBindOptions): Promise<NetError> {
  const opened = await openUdp(options, () => {}).catch((error: unknown) => error);
  expect(opened).toBeInstanceOf(NetError);
  return opened as NetError;
}

function mailbox() {
  const mail: { data: string; from: UdpPeer }[] = [];
  let wake = (): void => {};
  return {
    receive: (data: Uint8Array, from: UdpPeer) => {
      expect(Buffer.isBuffer(data)).toBe(false);
      mail.push({ data: Buffer.from(data).toString(), from });
      wake();
    },
    next: async () => {
      while (mail.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return mail.shift();
    },
  };
}

describe.each([
  ['a plain socket', plain],
  ['a socket bound to a device', { ...plain, device: 'lo' }],
])('%s', (_, options) => {
  it('carries datagrams both ways and tells the sender', async () => {
    const inbox = mailbox();
    const replies = mailbox();
    const a = await openUdp(options, inbox.receive);
    const b = await openUdp(plain, replies.receive);
    await b.send(Buffer.from('question'), a.local);
    const got = await inbox.next();
    expect(got).toEqual({ data: 'question', from: b.local });
    await a.send(Buffer.from('answer'), b.local);
    expect(await replies.next()).toEqual({ data: 'answer', from: a.local });
    await Promise.all([a.close(), b.close()]);
  });

  it('closes twice, refuses to send afterwards and gives the port back', async () => {
    const socket = await openUdp(options, () => {});
    await socket.close();
    await socket.close();
    await expect(socket.send(Buffer.from('x'), { address: loopback, port: 9 })).rejects.toMatchObject({
      code: 'io',
    });
    const again = await openUdp({ ...options, port: socket.local.port }, () => {});
    expect(again.local.port).toBe(socket.local.port);
    await again.close();
  });

  it('survives a receiver that throws, and says so in the log', async () => {
    const errors: string[] = [];
    const log: Logger = { ...silentLog, error: (_facts, text) => errors.push(text) };
    const inbox = mailbox();
    let first = true;
    const socket = await createOpenUdp(log)(options, (data, from) => {
      if (first) {
        first = false;
        throw new Error('boom');
      }
      inbox.receive(data, from);
    });
    await socket.send(Buffer.from('one'), socket.local);
    await socket.send(Buffer.from('two'), socket.local);
    expect(await inbox.next()).toMatchObject({ data: 'two' });
    expect(errors).toHaveLength(1);
    await socket.close();
  });

  it('names the port that is taken and the command that finds the program', async () => {
    const holder = await openUdp(options, () => {});
    const error = await failure({ ...options, port: holder.local.port });
    expect(error.code).toBe('port-in-use');
    expect(error.message).toContain(String(holder.local.port));
    expect(error.message).toContain('ss -ulpn');
    await holder.close();
  });

  it('names an address that is not here', async () => {
    const error = await failure({ ...options, address: '198.51.100.77' as Ipv4 });
    expect(error.code).toBe('no-address');
    expect(error.message).toContain('198.51.100.77');
  });

  it('is not hurt by a peer that refuses', async () => {
    const gone = await openUdp(plain, () => {});
    await gone.close();
    const inbox = mailbox();
    const socket = await openUdp(options, inbox.receive);
    await socket.send(Buffer.from('x'), gone.local);
    await socket.send(Buffer.from('still here'), socket.local);
    expect(await inbox.next()).toMatchObject({ data: 'still here' });
    await socket.close();
  });

  it('may broadcast only when it asked to', async () => {
    const to = { address: '255.255.255.255', port: 9 };
    const shy = await openUdp(options, () => {});
    await expect(shy.send(Buffer.from('x'), to)).rejects.toMatchObject({ data: { errno: 'EACCES' } });
    await shy.close();
  });

  it('reports a datagram that is too large instead of losing it silently', async () => {
    const socket = await openUdp(options, () => {});
    await expect(socket.send(new Uint8Array(65_536), socket.local)).rejects.toBeInstanceOf(NetError);
    await socket.close();
  });
});

describe('device names', () => {
  it('lists the interfaces there are when one is not', async () => {
    const error = await failure({ ...plain, device: 'nope0' });
    expect(error.code).toBe('no-such-device');
    expect(error.message).toMatch(/nope0.*interfaces here:.*\blo\b/);
  });

  it('does not cut a long name down to one that exists', async () => {
    const error = await failure({ ...plain, device: 'lo\0aaaaaaaaaaaaaaaaaaaaaaaaaa' });
    expect(error.code).toBe('no-such-device');
    expect((await failure({ ...plain, device: 'a'.repeat(40) })).code).toBe('no-such-device');
    expect((await failure({ ...plain, device: '' })).code).toBe('no-such-device');
  });

  it.skipIf(!needRoot())('leaks no descriptor when binding fails', async () => {
    const { readdir } = await import('node:fs/promises');
    await failure({ ...plain, device: 'nope0' });
    const before = (await readdir('/proc/self/fd')).length;
    for (let i = 0; i < 20; i++) await failure({ ...plain, device: 'nope0' });
    expect((await readdir('/proc/self/fd')).length).toBeLessThan(before + 5);
  });
});
