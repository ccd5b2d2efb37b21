import type { RawProbe } from '../../../src/kvm/index.ts';

/** The boot loader's sections of a look, as the look prints them. Files by path without the leading slash. */
export function bootProbe(
  files: Readonly<Record<string, string>>,
  others: { readonly present?: readonly string[]; readonly programs?: readonly string[] } = {},
): RawProbe {
  const lines = Object.entries(files).flatMap(([path, text]) =>
    text
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => `${path}:${line}`),
  );
  const present = (others.present ?? []).map((path) => `present:${path}`);
  return {
    sections: new Map([
      ['boot-loader', `${[...lines, ...present].join('\n')}\n`],
      ['boot-programs', `${(others.programs ?? []).join('\n')}\n`],
    ]),
    time: 0,
  };
}

export const debianPrograms = { present: ['boot/grub/grub.cfg'], programs: ['update-grub', 'grub-mkconfig'] };
export const fedoraPrograms = {
  present: ['boot/grub2/grub.cfg', 'sys/firmware/efi'],
  programs: ['grubby', 'grub2-mkconfig', 'kernel-install'],
};
