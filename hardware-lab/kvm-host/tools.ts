import { requireTools } from '../../inspector/builder/tools.ts';

/** Programs that a running host needs on this machine, and the Debian package of each. */
const tools: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  ssh: 'openssh-client',
  ip: 'iproute2',
};

/** Throws BuildError `missing-tool` with one command that installs all that is missing. */
export function requireHostTools(): void {
  requireTools(tools);
}
