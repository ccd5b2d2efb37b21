import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildHostImage } from '../../hardware-lab/kvm-host/image/build.ts';
import { type KvmHost, startKvmHost } from '../../hardware-lab/kvm-host/machine.ts';
import { playSteps } from '../../hardware-lab/kvm-host/steps.ts';
import { productSteps } from '../../hardware-lab/kvm-host/product/steps.ts';
import { openProductWorld } from '../../hardware-lab/kvm-host/product/world.ts';
import { run, waitFor } from '../../hardware-lab/processes.ts';
import { defaultCache } from '../../inspector/build.ts';
import { needRoot, needTools } from '../support/need.ts';

const ready =
  needRoot() &&
  needTools(
    { tool: 'qemu-system-x86_64', package: 'qemu-system-x86' },
    { tool: 'qemu-img', package: 'qemu-utils' },
    { tool: 'ssh', package: 'openssh-client' },
    { tool: 'mmdebstrap', package: 'mmdebstrap' },
    { tool: 'mke2fs', package: 'e2fsprogs' },
  );

/** Enough for a build and a boot on a busy machine. */
const minutes = 60_000;

/**
 * `npm run lab:kvm` plays these too, and those that come later, with everything that is killed on the way. Attaching to a running VM is
 * shown here with a whole group.
 */
const elsewhere: readonly string[] = ['attach-running'];

describe.skipIf(!ready)('a KVM host as a lab guest', () => {
  let host: KvmHost;

  beforeAll(async () => {
    const log = (line: string): void => void process.stderr.write(`kvm host: ${line}\n`);
    const image = await buildHostImage({ cache: defaultCache, log });
    host = await startKvmHost({ image, iommu: 'intel' });
    await host.waitUntilUp(5 * minutes);
  }, 15 * minutes);

  afterAll(async () => {
    await host?.close();
  });

  it(
    'is added, gets its IOMMU switched on, and gives devices to a VM and back',
    async () => {
      const names = productSteps.map(({ name }) => name);
      const last = names.indexOf('give-back-running');
      const steps = productSteps.slice(0, last + 1).filter(({ name }) => !elsewhere.includes(name));
      expect(steps).toHaveLength(last + 1 - elsewhere.length);
      expect(steps.length).toBeGreaterThan(10);
      const world = await openProductWorld(host);
      try {
        const results = await playSteps(steps, world, ({ step, result, seconds }) => {
          process.stderr.write(`kvm host: ${step} ${result} ${seconds} s\n`);
        });
        expect(results.filter(({ result }) => result !== 'ok')).toEqual([]);
      } finally {
        await world.close();
      }
    },
    15 * minutes,
  );

  it('leaves nothing behind', async () => {
    const marked = async (): Promise<string> =>
      (await run('ps', ['-eo', 'stat=,args=']))
        .split('\n')
        .filter((line) => line.includes(host.folder) && !line.startsWith('Z'))
        .join('\n');
    expect(await marked()).toContain('qemu-system-x86_64');
    await host.close();
    expect(existsSync(host.folder)).toBe(false);
    // The shared connection of ssh ends when it notices.
    await waitFor('the end of its processes', 10_000, async () =>
      (await marked()) === '' ? true : undefined,
    );
  });
});
