import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planBoot, planRestore } from '../../../src/iommu/boot/boot-plan.ts';
import { findBootLoader } from '../../../src/iommu/boot/loader.ts';
import { type BootSources, readBootSources } from '../../../src/iommu/boot/sources.ts';
import { writeBootChange } from '../../../src/iommu/boot/write.ts';
import { needRoot, needTools } from '../../support/need.ts';
import { temporaryFolder } from '../../support/shells.ts';
import { concatenated, continued, debian } from './grub-files.ts';
import { bootProbe, debianPrograms } from './probe-text.ts';
import { testShell } from './run-shell.ts';

const ready =
  needTools({ tool: 'grub-mkconfig', package: 'grub-common' }, { tool: 'unshare', package: 'util-linux' }) &&
  needRoot();

describe.skipIf(!ready)('the real grub-mkconfig', () => {
  const folder = ready ? temporaryFolder() : '';
  beforeAll(() => {
    for (const name of ['default', 'boot/grub']) mkdirSync(join(folder, name), { recursive: true });
    for (const name of ['vmlinuz-6.1.0-1-amd64', 'initrd.img-6.1.0-1-amd64'])
      writeFileSync(join(folder, 'boot', name), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  // In a mount namespace of its own: this machine's files are neither seen nor changed.
  const inside = `mount --bind ${folder}/default /etc/default && mount --bind ${folder}/boot /boot && exec "$@"`;
  const shell = testShell({ before: ['unshare', '-m', 'sh', '-c', inside, 'sh'] });
  const config = join(folder, 'boot/grub/grub.cfg');
  const file = join(folder, 'default/grub');
  const bootLines = (): readonly string[] =>
    readFileSync(config, 'utf8')
      .split('\n')
      .filter((line) => /^\s*linux\s/.test(line));
  const look = (): BootSources =>
    readBootSources(bootProbe({ 'etc/default/grub': readFileSync(file, 'utf8') }, debianPrograms));

  it.each([
    ['debian', debian],
    ['continued', continued],
    ['concatenated', concatenated],
  ])(
    'puts the parameters on the kernel of the normal entries, and takes them off again (%s)',
    async (name, text) => {
      writeFileSync(file, text);
      writeFileSync(config, 'menuentry old\n');
      const before = look();
      const loader = findBootLoader(before);
      if (loader.kind !== 'grub') throw new Error(loader.kind);
      const added = ['intel_iommu=on', 'iommu=pt'];
      await writeBootChange(shell, planBoot(before, loader, { add: added, remove: [] }), {
        stamp: `${name}-on`,
      });
      const normal = bootLines().filter((line) => !line.includes(' single'));
      expect(normal.length).toBeGreaterThan(0);
      for (const line of normal) expect(line).toMatch(/\sintel_iommu=on iommu=pt\s*$/);

      const back = planRestore(look(), { path: '/etc/default/grub', before: text, added });
      if (back === undefined) throw new Error('no way back');
      await writeBootChange(shell, back, { stamp: `${name}-off` });
      expect(readFileSync(file, 'utf8')).toBe(text);
      expect(readFileSync(config, 'utf8')).not.toContain('iommu');
    },
  );

  it('refuses a command line that GRUB cannot read, and everything is as it was', async () => {
    // The quote is one of the value: it reaches grub.cfg, where nothing closes it.
    const text = `GRUB_CMDLINE_LINUX_DEFAULT='a "b'\n`;
    writeFileSync(file, text);
    writeFileSync(config, 'menuentry old\n');
    const before = look();
    const loader = findBootLoader(before);
    if (loader.kind !== 'grub') throw new Error(loader.kind);
    const plan = planBoot(before, loader, { add: ['iommu=pt'], remove: [] });
    await expect(writeBootChange(shell, plan, { stamp: 'broken' })).rejects.toThrow(/Syntax error/);
    expect([readFileSync(file, 'utf8'), readFileSync(config, 'utf8')]).toEqual([text, 'menuentry old\n']);
  });
});
