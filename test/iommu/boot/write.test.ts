import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type BootPlan, planBoot } from '../../../src/iommu/boot/boot-plan.ts';
import { findBootLoader } from '../../../src/iommu/boot/loader.ts';
import { readBootSources } from '../../../src/iommu/boot/sources.ts';
import { writeBootChange } from '../../../src/iommu/boot/write.ts';
import { writeScript } from '../../../src/iommu/boot/write-script.ts';
import { IommuError } from '../../../src/iommu/index.ts';
import type { HostShell } from '../../../src/net/shell.ts';
import { needTools } from '../../support/need.ts';
import { runScript, temporaryFolder } from '../../support/shells.ts';
import { debian, rhel7, rhel9 } from './grub-files.ts';
import { bootProbe, debianPrograms, fedoraPrograms } from './probe-text.ts';
import { testShell } from './run-shell.ts';

const tools = temporaryFolder();
afterAll(() => rmSync(tools, { recursive: true }));
const path = `${tools}:/usr/sbin:/usr/bin:/sbin:/bin`;
const add = { add: ['intel_iommu=on', 'iommu=pt'], remove: [] };
const stamp = '2026-01-02T03-04-05-678Z';

let root = '';
beforeEach(() => {
  root = temporaryFolder();
  for (const name of readdirSync(tools)) rmSync(join(tools, name));
  return () => rmSync(root, { recursive: true });
});

function put(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}
const get = (name: string): string => readFileSync(join(root, name), 'utf8');

/** A program of the host that writes its arguments to `$root/called` and does what `body` says. */
function program(name: string, body: string): void {
  writeFileSync(
    join(tools, name),
    `#!/bin/sh\nroot='${root}'\necho "${name} $*" >>"$root/called"\n${body}\n`,
  );
  chmodSync(join(tools, name), 0o755);
}

function planned(files: Readonly<Record<string, string>>, others: Parameters<typeof bootProbe>[1]): BootPlan {
  for (const [name, text] of Object.entries(files)) put(name, text);
  const sources = readBootSources(bootProbe(files, others));
  const loader = findBootLoader(sources);
  if (loader.kind === 'unknown') throw new Error(loader.why);
  return planBoot(sources, loader, add);
}

const write = (plan: BootPlan, shell: HostShell = testShell({ path })): ReturnType<typeof writeBootChange> =>
  writeBootChange(shell, plan, { stamp, root });
const failing = async (plan: BootPlan): Promise<IommuError> => {
  const error = await write(plan).catch((thrown: unknown) => thrown);
  if (error instanceof IommuError) return error;
  throw new Error(`no IommuError: ${String(error)}`);
};

/** As update-grub does: what the file has goes into grub.cfg. */
const generate =
  'mkdir -p "$root/boot/grub"; . "$root/etc/default/grub"; echo "menuentry x { linux /v $GRUB_CMDLINE_LINUX_DEFAULT $GRUB_CMDLINE_LINUX }" >"$root/boot/grub/grub.cfg"';
const leftovers = (): readonly string[] => readdirSync(join(root, 'etc/default')).toSorted();

describe('a change of /etc/default/grub', () => {
  it('replaces the file with its mode, keeps the old one and runs the generator', async () => {
    const plan = planned({ 'etc/default/grub': debian }, debianPrograms);
    chmodSync(join(root, 'etc/default/grub'), 0o640);
    program('update-grub', generate);
    const { backups } = await write(plan);
    expect(get('etc/default/grub')).toBe(plan.edits[0]?.after);
    expect(statSync(join(root, 'etc/default/grub')).mode & 0o777).toBe(0o640);
    expect(backups).toEqual([join(root, `etc/default/grub.rackwright-${stamp}`)]);
    expect(get(`etc/default/grub.rackwright-${stamp}`)).toBe(debian);
    expect(leftovers()).toEqual(['grub', `grub.rackwright-${stamp}`]);
    expect(get('boot/grub/grub.cfg')).toContain('intel_iommu=on iommu=pt');
  });

  it('follows a link and leaves it', async () => {
    const plan = planned({ 'etc/default/grub': debian }, debianPrograms);
    rmSync(join(root, 'etc/default/grub'));
    put('srv/grub', debian.trimEnd());
    symlinkSync('../../srv/grub', join(root, 'etc/default/grub'));
    program('update-grub', generate);
    await write(plan);
    expect(get('srv/grub')).toContain('intel_iommu=on');
  });

  it('is refused when the file is another by now', async () => {
    const plan = planned({ 'etc/default/grub': debian }, debianPrograms);
    put('etc/default/grub', `${debian}GRUB_TIMEOUT=1\n`);
    const error = await failing(plan);
    expect(error).toMatchObject({ code: 'conflict', data: { restored: true } });
    expect(error.message).toContain('has changed since it was read');
    expect(leftovers()).toEqual(['grub']);
  });

  it('is undone when the generator fails', async () => {
    const plan = planned({ 'etc/default/grub': debian }, debianPrograms);
    program(
      'update-grub',
      `grep -q intel_iommu "$root/etc/default/grub" && { echo 'disk not found' >&2; exit 3; }; ${generate}`,
    );
    const error = await failing(plan);
    expect(error).toMatchObject({ code: 'command-failed', data: { restored: true } });
    expect(error.message).toContain('disk not found');
    expect(get('etc/default/grub')).toBe(debian);
    expect(leftovers()).toEqual(['grub']);
  });

  it('is undone when the generator writes no such parameter', async () => {
    const plan = planned({ 'etc/default/grub': debian }, debianPrograms);
    program('update-grub', 'mkdir -p "$root/boot/grub"; echo "menuentry x" >"$root/boot/grub/grub.cfg"');
    const error = await failing(plan);
    expect(error.message).toContain('has no intel_iommu=on');
    expect(get('etc/default/grub')).toBe(debian);
  });

  it('that cannot be undone says so', async () => {
    const plan = planned({ 'etc/default/grub': debian }, debianPrograms);
    program('update-grub', 'exit 1');
    expect(await failing(plan)).toMatchObject({ code: 'command-failed', data: { restored: false } });
    expect(get('etc/default/grub')).toBe(debian);
  });

  it('does not happen when the new content is cut off on its way', async () => {
    const plan = planned({ 'etc/default/grub': debian }, debianPrograms);
    const real = testShell({ path });
    const cut: HostShell = {
      ...real,
      run: (argv, options = {}) => real.run(argv, { ...options, input: (options.input ?? '').slice(0, 50) }),
    };
    await expect(write(plan, cut)).rejects.toMatchObject({
      code: 'command-failed',
      data: { restored: true },
    });
    expect(get('etc/default/grub')).toBe(debian);
    expect(leftovers()).toEqual(['grub']);
  });
});

describe('grub2-mkconfig', () => {
  // The programs of this machine must not be found: only what a RHEL has.
  const basics = [
    'sh',
    'cat',
    'cp',
    'mv',
    'rm',
    'cut',
    'grep',
    'tail',
    'sync',
    'readlink',
    'dirname',
    'basename',
    'sha256sum',
    'mkdir',
    'env',
  ];
  const only = (): HostShell => {
    for (const name of basics)
      if (!existsSync(join(tools, name)))
        symlinkSync(existsSync(`/usr/bin/${name}`) ? `/usr/bin/${name}` : `/bin/${name}`, join(tools, name));
    const script = `PATH=${tools}; export PATH; shift; exec "$@"`;
    const real = testShell();
    // The script adds the usual folders to PATH: hide them by a PATH that is read-only.
    return {
      ...real,
      run: (argv, options) =>
        real.run(
          [
            'sh',
            '-c',
            script,
            'sh',
            'x',
            ...argv.map((a) => (a === writeScript ? a.replace('PATH=$PATH:/usr/sbin:/sbin', ':') : a)),
          ],
          options,
        ),
    };
  };
  const mkconfig =
    'case "$1" in --help) echo "$help";; *) . "$root/etc/default/grub"; echo "menuentry x { $GRUB_CMDLINE_LINUX }" >"$2";; esac';

  it.each([
    ['BIOS', { 'boot/grub2/grub.cfg': 'menuentry x\n' }, 'boot/grub2/grub.cfg'],
    [
      'EFI',
      {
        'sys/firmware/efi/x': '',
        'boot/efi/EFI/centos/grub.cfg': 'menuentry x\n',
        'boot/grub2/grub.cfg': 'menuentry old\n',
      },
      'boot/efi/EFI/centos/grub.cfg',
    ],
    [
      'EFI, where that file only points to the other',
      {
        'sys/firmware/efi/x': '',
        'boot/efi/EFI/redhat/grub.cfg': 'configfile $prefix/grub.cfg\n',
        'boot/grub2/grub.cfg': 'blscfg\n',
      },
      'boot/grub2/grub.cfg',
    ],
  ])('writes the file that %s reads', async (_what, files, config) => {
    const plan = planned(
      { 'etc/default/grub': rhel7 },
      { present: ['boot/grub2/grub.cfg'], programs: ['grub2-mkconfig'] },
    );
    for (const [name, text] of Object.entries(files)) put(name, text);
    program('grub2-mkconfig', `help=; ${mkconfig}`);
    await write(plan, only());
    expect(get('called').trim().split('\n').at(-1)).toBe(`grub2-mkconfig -o ${join(root, config)}`);
    expect(get(config)).toContain('intel_iommu=on iommu=pt');
  });

  it('is told to change the boot entries where it can', async () => {
    const plan = planned(
      { 'etc/default/grub': rhel9 },
      { present: ['boot/grub2/grub.cfg'], programs: ['grub2-mkconfig'] },
    );
    put('boot/grub2/grub.cfg', 'blscfg\n');
    program('grub2-mkconfig', `help=--update-bls-cmdline; ${mkconfig}`);
    await write(plan, only());
    expect(get('called')).toContain('--update-bls-cmdline\n');
  });
});

describe('other loaders', () => {
  it('kernel-install is run for every kernel with its initrd', async () => {
    const plan = planned({ 'etc/kernel/cmdline': 'ro quiet\n' }, { programs: ['kernel-install'] });
    for (const name of [
      'lib/modules/6.1/vmlinuz',
      'lib/modules/6.2/x',
      'boot/vmlinuz-6.2',
      'boot/initrd.img-6.2',
      'lib/modules/5.0/x',
    ])
      put(name, '');
    program(
      'kernel-install',
      'mkdir -p "$root/boot/loader/entries"; echo "options $(cat "$root/etc/kernel/cmdline")" >"$root/boot/loader/entries/$2.conf"',
    );
    await write(plan);
    expect(get('called').trim().split('\n')).toEqual([
      `kernel-install add 6.1 ${root}/lib/modules/6.1/vmlinuz`,
      `kernel-install add 6.2 ${root}/boot/vmlinuz-6.2 ${root}/boot/initrd.img-6.2`,
    ]);
    expect(get('etc/kernel/cmdline')).toBe('ro quiet intel_iommu=on iommu=pt\n');
  });

  it('entries that were written are put back when a later one fails', async () => {
    const entry = 'linux /v\noptions ro\n';
    const plan = planned({ 'boot/loader/entries/a.conf': entry, 'boot/loader/entries/b.conf': entry }, {});
    put('boot/loader/entries/b.conf', 'linux /other\n');
    expect(await failing(plan)).toMatchObject({ code: 'conflict', data: { restored: true } });
    expect(get('boot/loader/entries/a.conf')).toBe(entry);
  });

  it('grubby gets the parameters as one argument', async () => {
    const plan = planned(
      { 'etc/default/grub': rhel9, 'boot/loader/entries/a.conf': 'linux /v\noptions ro\n' },
      fedoraPrograms,
    );
    program('grubby', 'printf "%s\\n" "$@" >"$root/called"');
    expect(await write(plan)).toEqual({ backups: [] });
    expect(get('called')).toBe('--update-kernel=ALL\n--args=intel_iommu=on iommu=pt\n');
    program('grubby', 'echo "no kernels" >&2; exit 1');
    expect((await failing(plan)).message).toContain('no kernels');
  });
});

describe.skipIf(!needTools({ tool: 'shellcheck', package: 'shellcheck' }))('the script', () => {
  it('has nothing that shellcheck complains about', async () => {
    const folder = temporaryFolder();
    const result = await runScript(['shellcheck', '-s', 'sh'], writeScript, folder);
    rmSync(folder, { recursive: true });
    expect(result).toMatchObject({ status: 0, stdout: '' });
  });
});
