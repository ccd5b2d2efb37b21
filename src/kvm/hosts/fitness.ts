import type { HostShell } from '../../net/shell.ts';
import { KvmError } from '../errors.ts';

/** Programs without which a host is of no use, and the packages that have them (Debian and Ubuntu; RHEL and its kin). */
const needed = [
  { program: 'virsh', packages: 'libvirt-clients and libvirt-daemon-system (libvirt on RHEL)' },
  { program: 'lspci', packages: 'pciutils' },
] as const;

/** Prints those of its arguments that are no program here. */
const missingOf = 'for program in "$@"; do command -v "$program" >/dev/null 2>&1 || echo "$program"; done';

/** Rejects with KvmError `host-unfit` that names the packages to install, or with NetError. */
export async function checkFitness(shell: Pick<HostShell, 'run'>): Promise<void> {
  const programs = needed.map(({ program }) => program);
  const { stdout } = await shell.run(['sh', '-c', missingOf, 'sh', ...programs]);
  const said = new Set(stdout.split('\n'));
  const missing = needed.filter(({ program }) => said.has(program));
  if (missing.length === 0) return;
  const list = missing
    .map(({ program, packages }) => `${program} is missing: install ${packages}`)
    .join('; ');
  throw new KvmError('host-unfit', `the host lacks what is needed: ${list}`, {
    data: { missing: missing.map(({ program }) => program) },
  });
}
