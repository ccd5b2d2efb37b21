import { expect, it } from 'vitest';
import { answering, startFakeKvmHost } from '../../support/fake-kvm-host.ts';
import { hostsWorld, inputFor } from './world.ts';

const mebibyte = 2 ** 20;

it('keeps a hundred hosts connected in little memory, and sees one in under ten round trips', async () => {
  const world = hostsWorld();
  const fakes = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      startFakeKvmHost({ run: answering(() => ({ stdout: 'fake\n' })) }, `127.0.1.${index + 1}`),
    ),
  );
  const before = process.memoryUsage().rss;
  try {
    await Promise.all(
      fakes.map((fake, index) => world.service.addHost(inputFor(fake, { name: `kvm${index}` }))),
    );
    const hosts = await world.store.listHosts();
    expect(hosts.filter(({ status }) => status === 'Connected')).toHaveLength(100);
    // The fake hosts themselves are in it.
    expect(process.memoryUsage().rss - before).toBeLessThan(500 * mebibyte);
    // Two looks: one before the host is stored, one for those who watch it.
    for (const { commands } of fakes) expect(commands.length).toBeLessThan(10);
  } finally {
    await world.end();
    await Promise.all(fakes.map((fake) => fake.close()));
  }
}, 120_000);
