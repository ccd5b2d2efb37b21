import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import { addToGrubDefaults, readGrubDefaults } from '../../../src/iommu/boot/grub-defaults.ts';
import { createIommuWishes, type IommuWishes } from '../../../src/iommu/boot/wishes.ts';
import type { HostIommu, IommuFacts } from '../../../src/iommu/model.ts';
import { type HostConnections, KvmError } from '../../../src/kvm/index.ts';
import type { CommandResult } from '../../../src/net/shell.ts';
import { hostUuid } from '../plan/devices.ts';
import { debian } from './grub-files.ts';
import { bootProbe, debianPrograms } from './probe-text.ts';

const off: IommuFacts = { vendor: 'intel', units: [], groups: 0, commandLine: 'ro quiet' };
const on: IommuFacts = {
  vendor: 'intel',
  units: ['dmar0'],
  groups: 9,
  commandLine: 'ro quiet intel_iommu=on iommu=pt',
};

/** A host with a file, and a store; writes go into the file as the script would do it. */
class World {
  facts = off;
  file = debian;
  programs: Parameters<typeof bootProbe>[1] = debianPrograms;
  row: HostIommu | undefined;
  connected = true;
  writes: string[] = [];
  /** How the script ends. */
  exitCode = 0;
  breaks = false;
  /** What was saved last before the host was touched. */
  intent: HostIommu | undefined;
  readonly wishes: IommuWishes;

  constructor() {
    const connections: Pick<HostConnections, 'use' | 'look'> = {
      look: async () => {
        if (!this.connected) throw new KvmError('host-disconnected', 'the host is not connected');
        await this.look();
      },
      use: (_host, work) =>
        work({
          run: (argv, options) => Promise.resolve(this.run(argv, options?.input ?? '')),
          follow: () => Promise.reject(new Error('no')),
          connect: () => Promise.reject(new Error('no')),
          closed: new Promise(() => undefined),
          close: () => Promise.resolve(),
        }),
    };
    this.wishes = createIommuWishes({
      store: {
        getHostIommu: () => Promise.resolve(this.row),
        saveHostIommu: (row) => {
          this.row = row;
          return Promise.resolve();
        },
      },
      connections: connections as HostConnections,
      clock: { now: () => 0, after: () => () => undefined },
      log: silentLog,
    });
  }

  look(): Promise<void> {
    return this.wishes.seen(
      hostUuid,
      this.facts,
      bootProbe({ 'etc/default/grub': this.file }, this.programs),
    );
  }

  private run(argv: readonly string[], input: string): CommandResult {
    this.intent = this.row;
    if (this.breaks) throw new KvmError('host-disconnected', 'the connection broke');
    if (this.exitCode === 0) {
      this.file = input;
      this.writes.push(argv[5] ?? '');
    }
    return {
      exitCode: this.exitCode,
      signal: undefined,
      stdout: '/backup\n',
      stderr: 'disk full',
      truncated: false,
    };
  }

  reboot(facts: IommuFacts): Promise<void> {
    this.facts = facts;
    return this.look();
  }
}

describe('a host that comes with the IOMMU on', () => {
  it('is Enabled and Active without an edit', async () => {
    const world = new World();
    await world.reboot({ ...on, commandLine: 'ro' });
    expect(world.row).toMatchObject({
      state: 'Enabled',
      status: 'Active',
      details: 'active',
      change: undefined,
    });
    const change = await world.wishes.updateIommuState(hostUuid, 'Enabled');
    expect(change).toEqual({ state: 'Enabled', diff: '', rebootPending: false, dryRun: false });
    expect(world.writes).toEqual([]);
  });

  it('gets the parameter written that somebody typed at the boot menu', async () => {
    const world = new World();
    await world.reboot(on);
    const { diff } = await world.wishes.updateIommuState(hostUuid, 'Enabled');
    expect(diff).toContain('intel_iommu=on');
    expect(world.writes).toEqual(['/etc/default/grub']);
  });

  it('keeps a wish that a person spoke', async () => {
    const world = new World();
    await world.wishes.updateIommuState(hostUuid, 'Disabled');
    await world.reboot(on);
    expect(world.row).toMatchObject({ state: 'Disabled', status: 'Active' });
  });
});

describe('a host with the IOMMU off', () => {
  it('is Disabled and Inactive, with nothing stored, and becomes Enabled when a person switched it on by hand', async () => {
    const world = new World();
    await world.look();
    expect(world.row).toBeUndefined();
    expect(await world.wishes.iommuState(hostUuid)).toBe('Disabled');
    expect((await world.wishes.iommuStatus(hostUuid)).details).toContain('UpdateHostIommuState');
    await world.reboot(on);
    expect(await world.wishes.iommuState(hostUuid)).toBe('Enabled');
  });

  it('goes the whole way: enabled, rebooted, disabled, rebooted, and the file is as it was', async () => {
    const world = new World();
    const change = await world.wishes.updateIommuState(hostUuid, 'Enabled');
    expect(change).toMatchObject({ state: 'Enabled', rebootPending: true, dryRun: false });
    expect(change.diff).toContain('+GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on iommu=pt"');
    expect(await world.wishes.iommuStatus(hostUuid)).toMatchObject({
      status: 'Inactive',
      rebootPending: true,
    });
    expect(world.row?.change).toMatchObject({ loader: 'grub', path: '/etc/default/grub', before: debian });

    await world.reboot(on);
    expect(await world.wishes.iommuStatus(hostUuid)).toEqual({
      status: 'Active',
      details: 'active',
      rebootPending: false,
    });

    const undone = await world.wishes.updateIommuState(hostUuid, 'Disabled');
    expect(undone).toMatchObject({ state: 'Disabled', rebootPending: true });
    expect(world.file).toBe(debian);
    expect(world.row?.change).toBeUndefined();
    await world.reboot(off);
    expect(await world.wishes.iommuStatus(hostUuid)).toMatchObject({
      status: 'Inactive',
      rebootPending: false,
    });
  });

  it('is enabled once: the second time nothing is written', async () => {
    const world = new World();
    await world.wishes.updateIommuState(hostUuid, 'Enabled');
    const again = await world.wishes.updateIommuState(hostUuid, 'Enabled');
    expect(again).toMatchObject({ diff: '', rebootPending: true });
    expect(world.writes).toHaveLength(1);
    expect(world.row?.change?.added).toEqual(['intel_iommu=on', 'iommu=pt']);
  });

  it('only says what it would do in a dry run', async () => {
    const world = new World();
    const change = await world.wishes.updateIommuState(hostUuid, 'Enabled', { dryRun: true });
    expect(change).toMatchObject({
      dryRun: true,
      rebootPending: true,
      diff: expect.stringContaining('intel_iommu=on'),
    });
    expect([world.writes, world.row]).toEqual([[], undefined]);
  });
});

describe("a person's parameters", () => {
  it('are not taken out with ours', async () => {
    const world = new World();
    world.file = debian.replace('"quiet"', '"quiet iommu=pt"');
    await world.wishes.updateIommuState(hostUuid, 'Enabled');
    expect(world.row?.change?.added).toEqual(['intel_iommu=on']);
    world.file = world.file.replace('GRUB_TIMEOUT=5', 'GRUB_TIMEOUT=1');
    await world.wishes.updateIommuState(hostUuid, 'Disabled');
    expect(world.file).toBe(
      debian.replace('"quiet"', '"quiet iommu=pt"').replace('GRUB_TIMEOUT=5', 'GRUB_TIMEOUT=1'),
    );
  });

  it('against the IOMMU are not overruled', async () => {
    const world = new World();
    world.file = debian.replace('"quiet"', '"quiet intel_iommu=off"');
    await expect(world.wishes.updateIommuState(hostUuid, 'Enabled')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('intel_iommu=off'),
    });
  });

  it('are left alone by Disabled when we added nothing', async () => {
    const world = new World();
    const defaults = readGrubDefaults(debian, []);
    if (defaults.kind === 'readable') world.file = addToGrubDefaults(defaults, ['intel_iommu=on']);
    await world.reboot(on);
    await world.wishes.updateIommuState(hostUuid, 'Disabled');
    expect([world.writes, world.row?.state, world.row?.status]).toEqual([[], 'Disabled', 'Active']);
  });
});

describe('when it goes wrong', () => {
  it('an unknown boot loader is told with what to do by hand', async () => {
    const world = new World();
    world.programs = {};
    await expect(world.wishes.updateIommuState(hostUuid, 'Enabled')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('add intel_iommu=on iommu=pt to the kernel command line yourself'),
    });
  });

  it('a failure that was undone leaves the wish as it was, with nothing of ours', async () => {
    const world = new World();
    world.exitCode = 20;
    await expect(world.wishes.updateIommuState(hostUuid, 'Enabled')).rejects.toMatchObject({
      code: 'command-failed',
    });
    expect(world.row).toMatchObject({ state: 'Disabled', change: undefined });
  });

  it('what we add is on disk before the host is touched, and stays when it is not known what was done', async () => {
    const world = new World();
    world.breaks = true;
    await expect(world.wishes.updateIommuState(hostUuid, 'Enabled')).rejects.toMatchObject({
      code: 'host-disconnected',
    });
    expect(world.intent?.change?.added).toEqual(['intel_iommu=on', 'iommu=pt']);
    expect(world.row).toMatchObject({ state: 'Disabled', change: { added: ['intel_iommu=on', 'iommu=pt'] } });
  });

  it('a host that does not answer is not planned for from memory', async () => {
    const world = new World();
    await world.look();
    world.connected = false;
    await expect(world.wishes.updateIommuState(hostUuid, 'Enabled')).rejects.toMatchObject({
      code: 'host-disconnected',
    });
  });
});
