import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkFitness } from '../../../src/kvm/hosts/fitness.ts';
import type { CommandResult } from '../../../src/net/shell.ts';
import { fakePrograms } from '../../support/fake-kvm-host-programs.ts';

/** Runs commands with a real sh that finds only the programs of one folder. */
function shellWith(folder: string) {
  return {
    async run(argv: readonly string[]): Promise<CommandResult> {
      expect(argv[0]).toBe('sh');
      const { status, stdout, stderr } = spawnSync('/bin/sh', argv.slice(1), {
        env: { PATH: folder },
        encoding: 'utf8',
      });
      return { exitCode: status ?? undefined, signal: undefined, stdout, stderr, truncated: false };
    },
  };
}

it('finds a host fit that has virsh and lspci', async () => {
  const programs = fakePrograms();
  await expect(checkFitness(shellWith(programs.folder))).resolves.toBeUndefined();
  rmSync(join(programs.folder, 'lspci'));
  await expect(checkFitness(shellWith(programs.folder))).rejects.toMatchObject({
    code: 'host-unfit',
    data: { missing: ['lspci'] },
  });
  programs.remove();
});

it('names the package of each missing program', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'unfit-'));
  const check = checkFitness(shellWith(empty));
  await expect(check).rejects.toThrow('libvirt-clients');
  await expect(check).rejects.toThrow('pciutils');
  rmSync(empty, { recursive: true });
});
