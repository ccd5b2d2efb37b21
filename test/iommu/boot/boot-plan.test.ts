import { describe, expect, it } from 'vitest';
import { type BootPlan, planBoot, planRestore } from '../../../src/iommu/boot/boot-plan.ts';
import { findBootLoader, nextWords } from '../../../src/iommu/boot/loader.ts';
import { type BootSources, readBootSources } from '../../../src/iommu/boot/sources.ts';
import { bare, debian, rhel7, rhel9 } from './grub-files.ts';
import { bootProbe, debianPrograms, fedoraPrograms } from './probe-text.ts';

const add = { add: ['intel_iommu=on', 'iommu=pt'], remove: [] };
const entry = 'title Fedora\nlinux /vmlinuz\noptions root=UUID=1 ro\n';
const oldEntry = 'title Old\nlinux /old\noptions root=UUID=1 ro intel_iommu=on\n';

const sources = (...args: Parameters<typeof bootProbe>): BootSources => readBootSources(bootProbe(...args));
const kind = (of: BootSources): string => findBootLoader(of).kind;
function plan(of: BootSources, change: Parameters<typeof planBoot>[2] = add): BootPlan {
  const loader = findBootLoader(of);
  if (loader.kind === 'unknown') throw new Error(loader.why);
  return planBoot(of, loader, change);
}

describe('the sections of a look', () => {
  it('give the files as they are', () => {
    const read = sources({ 'etc/default/grub': debian, 'etc/kernel/cmdline': 'a:b c' }, debianPrograms);
    expect(read.files.get('/etc/default/grub')).toBe(debian);
    expect(read.files.get('/etc/kernel/cmdline')).toBe('a:b c\n');
    expect([...read.present]).toEqual(['/boot/grub/grub.cfg']);
  });

  it('with other text in them give nothing', () => {
    const probe = {
      time: 0,
      sections: new Map([
        ['boot-loader', 'grep: etc/default/grub: binary file matches\n../etc/passwd:x\n'],
      ] as const),
    };
    expect(readBootSources(probe).files.size).toBe(0);
    expect(findBootLoader(readBootSources(probe)).kind).toBe('unknown');
  });
});

describe('the boot loader', () => {
  const entries = { 'boot/loader/entries/a.conf': entry, 'boot/loader/entries/b.conf': oldEntry };

  it.each([
    ['Debian', 'grub', { 'etc/default/grub': debian }, debianPrograms],
    [
      'RHEL 7, where grubby would change grub.cfg only',
      'grub',
      { 'etc/default/grub': rhel7 },
      fedoraPrograms,
    ],
    ['Fedora', 'grubby', { 'etc/default/grub': rhel9, ...entries }, fedoraPrograms],
    [
      'entries switched off in GRUB',
      'grub',
      { 'etc/default/grub': `${rhel7}GRUB_ENABLE_BLSCFG=false\n`, ...entries },
      fedoraPrograms,
    ],
    [
      'systemd-boot with kernel-install',
      'kernel-install',
      { 'etc/kernel/cmdline': 'ro', ...entries },
      { programs: ['kernel-install', 'grub-mkconfig'] },
    ],
    ['systemd-boot by hand', 'entries', entries, { programs: ['bootctl'] }],
    [
      'systemd-boot beside a GRUB that is not in use',
      'entries',
      { 'etc/default/grub': debian, ...entries },
      { programs: ['update-grub'] },
    ],
    ['nothing that is known', 'unknown', {}, {}],
    ['a broken /etc/default/grub', 'unknown', { 'etc/default/grub': 'A="\n' }, debianPrograms],
  ] as const)('%s: %s', (_name, expected, files, others) => {
    expect(kind(sources(files, others))).toBe(expected);
  });

  it('has a word only when every entry has it', () => {
    const of = sources({ 'etc/default/grub': rhel9, ...entries }, fedoraPrograms);
    expect(nextWords(of, findBootLoader(of))).toEqual(['root=UUID=1', 'ro']);
  });

  it('with options in grubenv says nothing', () => {
    const of = sources(
      { 'etc/default/grub': rhel9, 'boot/loader/entries/a.conf': 'linux /v\noptions $kernelopts\n' },
      fedoraPrograms,
    );
    expect(nextWords(of, findBootLoader(of))).toBeUndefined();
    expect(plan(of)).toMatchObject({
      tool: 'grubby',
      diff: expect.stringContaining('+options $kernelopts intel_iommu=on iommu=pt'),
    });
  });
});

describe('a plan', () => {
  it('for GRUB edits one line and runs the generator', () => {
    const planned = plan(sources({ 'etc/default/grub': debian }, debianPrograms));
    expect(planned).toMatchObject({ loader: 'grub', tool: 'grub', change: add });
    expect(planned.edits.map((e) => e.path)).toEqual(['/etc/default/grub']);
    expect(planned.diff).toContain(
      '-GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n+GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on iommu=pt"\n',
    );
  });

  it('for grubby writes no file', () => {
    const planned = plan(
      sources({ 'etc/default/grub': rhel9, 'boot/loader/entries/a.conf': entry }, fedoraPrograms),
    );
    expect(planned).toMatchObject({ loader: 'grubby', tool: 'grubby', edits: [] });
    expect(planned.diff).toContain('+options root=UUID=1 ro intel_iommu=on iommu=pt\n');
  });

  it('for entries edits each that starts Linux', () => {
    const planned = plan(
      sources({ 'efi/loader/entries/a.conf': entry, 'efi/loader/entries/m.conf': 'efi /memtest\n' }),
    );
    expect(planned).toMatchObject({ loader: 'entries', tool: undefined });
    expect(planned.edits.map((e) => e.path)).toEqual(['/efi/loader/entries/a.conf']);
  });

  it('that changes nothing has no edit, no tool and no diff', () => {
    const of = sources({ 'etc/default/grub': debian }, debianPrograms);
    expect(plan(of, { add: [], remove: ['intel_iommu=on'] })).toMatchObject({
      edits: [],
      tool: undefined,
      diff: '',
    });
  });
});

describe('putting back', () => {
  const was = { path: '/etc/default/grub', before: bare, added: add.add };
  const after = plan(sources({ 'etc/default/grub': bare }, debianPrograms)).edits[0]?.after ?? '';

  it('is to the byte when nobody has changed the file since', () => {
    const restored = planRestore(sources({ 'etc/default/grub': after }, debianPrograms), was);
    expect(restored?.edits[0]?.after).toBe(bare);
    expect(restored?.tool).toBe('grub');
  });

  it('is not possible when somebody has', () => {
    expect(
      planRestore(sources({ 'etc/default/grub': `${after}GRUB_TIMEOUT=1\n` }, debianPrograms), was),
    ).toBeUndefined();
  });
});
