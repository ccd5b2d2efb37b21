import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Addresses } from '../../../src/provision/images/download/inside.ts';
import { systemAddresses } from '../../../src/provision/images/download/inside.ts';
import { makeIso } from '../../pxe/iso/make-iso.ts';
import { needTools } from '../../support/need.ts';
import { type Behaviour, cut, honest, type Mirror, startMirror, status } from './mirror.ts';
import { openImages } from './world.ts';

/** 127.0.0.2 stands for elsewhere: no request leaves the loopback. */
const folder = mkdtempSync(join(tmpdir(), 'rackwright-redirect-'));
const ready = needTools({ tool: 'xorrisofs', package: 'xorriso' });
let iso = Buffer.alloc(0);
beforeAll(() => {
  if (ready) iso = Buffer.from(makeIso({ 'casper/vmlinuz': 'k', 'casper/initrd': 'i' }, '-R'));
});
const mirrors: Mirror[] = [];
async function mirror(address: string, ...behaviours: readonly Behaviour[]): Promise<Mirror> {
  const one = await startMirror(address, behaviours);
  mirrors.push(one);
  return one;
}
afterEach(async () => {
  for (const one of mirrors.splice(0)) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Names with the addresses that each look-up gives; the last one stays. Other hosts must be addresses. */
function names(table: Readonly<Record<string, readonly string[]>>): Addresses & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async resolve(host) {
      const known = table[host];
      if (known === undefined) return systemAddresses.resolve(host);
      const count = asked.filter((one) => one === host).length;
      asked.push(host);
      const address = known[Math.min(count, known.length - 1)];
      if (address === undefined) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
      return [{ address, family: 4 }];
    },
    isInside: ({ address }) => address !== '127.0.0.2',
  };
}

const refusal = 'redirects to an address of this machine itself';

describe.skipIf(!ready)('a redirection', () => {
  it.each([
    ['an address of this machine', '127.0.0.1', {}],
    ['a name that leads to this machine', 'sneaky.test', { 'sneaky.test': ['127.0.0.1'] }],
    ['this machine as a number', '2130706433', {}],
  ])('from elsewhere to %s is refused, and nobody is asked there', async (_, host, table) => {
    const here = await mirror('127.0.0.1', honest(iso));
    const there = await mirror(
      '127.0.0.2',
      status(302, { location: `http://${host}:${here.port}/disc.iso` }),
    );
    const addresses = names({ 'mirror.test': ['127.0.0.2'], ...table });
    const { service, rows, left } = openImages(folder, { addresses });
    const added = service.add({ name: 'x', url: `http://mirror.test:${there.port}/disc.iso` });
    await expect(added).rejects.toThrow(refusal);
    expect([there.asked.length, here.asked]).toEqual([1, []]);
    expect([...rows.values()]).toMatchObject([{ status: 'Failed' }]);
    expect(left()).toEqual([]);
    await service.close();
  });

  it('from this machine to itself is followed, as the person gave it; back from elsewhere it is not', async () => {
    const here = await mirror('127.0.0.1', status(302, { location: '/second' }), honest(iso));
    const first = openImages(folder, { addresses: names({}) });
    await first.service.add({ name: 'x', url: `http://127.0.0.1:${here.port}/disc.iso` });
    expect(here.asked).toEqual(['GET /disc.iso', 'GET /second']);
    await first.service.close();

    const there = await mirror('127.0.0.2', status(302, { location: `http://127.0.0.1:${here.port}/` }));
    here.behaviours = [status(302, { location: `http://mirror.test:${there.port}/` })];
    const second = openImages(folder, { addresses: names({ 'mirror.test': ['127.0.0.2'] }) });
    const added = second.service.add({ name: 'x', url: `http://127.0.0.1:${here.port}/disc.iso` });
    await expect(added).rejects.toThrow(refusal);
    expect(here.asked.length).toBe(3);
    await second.service.close();
  });

  it('from elsewhere to elsewhere is followed', async () => {
    const second = await mirror('127.0.0.2', honest(iso));
    const there = await mirror('127.0.0.2', status(302, { location: `http://other.test:${second.port}/b` }));
    const addresses = names({ 'mirror.test': ['127.0.0.2'], 'other.test': ['127.0.0.2'] });
    const { service, rows } = openImages(folder, { addresses });
    await service.add({ name: 'x', url: `http://mirror.test:${there.port}/disc.iso` });
    expect([...rows.values()]).toMatchObject([{ status: 'Ready' }]);
    expect(second.asked).toEqual(['GET /b']);
    await service.close();
  });

  it('to a name that changes its address after it was looked at goes to the address that was looked at', async () => {
    const there = await mirror('127.0.0.2');
    // The same port on both, or the test would prove nothing.
    const rebound = await startOn('127.0.0.1', there.port);
    const addresses = names({
      'mirror.test': ['127.0.0.2'],
      'rebind.test': ['127.0.0.2', '127.0.0.1'],
    });
    there.behaviours = [status(302, { location: `http://rebind.test:${there.port}/` }), honest(iso)];
    const { service, rows } = openImages(folder, { addresses });
    await service.add({ name: 'x', url: `http://mirror.test:${there.port}/disc.iso` });
    expect([...rows.values()]).toMatchObject([{ status: 'Ready' }]);
    expect([addresses.asked, rebound.count()]).toEqual([['mirror.test', 'rebind.test'], 0]);
    await rebound.close();
    await service.close();
  });
});

/** Counts connections on an address and port. */
async function startOn(address: string, port: number) {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.destroy();
  }).listen(port, address);
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  return {
    count: () => count,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

it('whose first name has no address fails with what the resolver says', async () => {
  const { service } = openImages(folder, {
    addresses: names({ 'gone.test': [] }),
    limits: { firstRetries: 0 },
  });
  await expect(service.add({ name: 'x', url: 'http://gone.test/disc.iso' })).rejects.toThrow(
    'cannot be asked: getaddrinfo ENOTFOUND gone.test',
  );
  await service.close();
});

describe.skipIf(!ready)('a server that sends more than it announced', () => {
  it('is refused when the rest of a part is too long', async () => {
    const here = await mirror('127.0.0.1', cut(iso, 5000), (_, response) => {
      // Without a length of its own, so that the bytes are all there are.
      const range = `bytes 5000-${iso.length - 1}/${iso.length}`;
      response.writeHead(206, { etag: '"one"', 'content-range': range });
      response.end(Buffer.concat([iso.subarray(5000), Buffer.from('more')]));
    });
    const { service, left } = openImages(folder);
    const added = service.add({ name: 'x', url: `http://127.0.0.1:${here.port}/disc.iso` });
    await expect(added).rejects.toThrow('sends more bytes than it announced');
    expect(left()).toEqual([]);
    await service.close();
  });

  it('adds nothing to the file by bytes behind its Content-Length', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${iso.length}\r\n\r\n`);
        socket.end(Buffer.concat([iso, Buffer.from('more')]));
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const { service, rows } = openImages(folder);
    await service.add({ name: 'x', url: `http://127.0.0.1:${port}/disc.iso` });
    expect([...rows.values()]).toMatchObject([{ status: 'Ready', size: iso.length }]);
    await service.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
