import { diskScript } from './disk-script.ts';
import { renderNetworkScript } from './network-script.ts';
import { renderReporting } from './report-script.ts';
import type { HostNetwork } from './types.ts';

/** Folder that the plan script writes to and the kickstart includes from. */
export const planFolder = '/tmp';

/**
 * The second `%pre` script: finds the NICs of `network` by MAC and, when `unattended`, the disk, and writes the kickstart lines that name them to
 * `rackwright-network.ks` and `rackwright-disk.ks`. What is missing stops the installer before a disk is touched, and is told at `failedUrl`.
 */
export function renderPlanScript(
  network: HostNetwork,
  unattended: boolean,
  failedUrl: string | undefined,
): string {
  const head = `SYS=\${RACKWRIGHT_SYS:-/sys}
OUT=\${RACKWRIGHT_OUT:-${planFolder}}
WAIT=\${RACKWRIGHT_WAIT:-30}

fail() {
  say "$*. No disk was touched."
  if [ -n "$FAILED_URL" ]; then
    TRIES=3
    deliver "$FAILED_URL" "$*" || :
  fi
  exit 1
}
`;
  return [
    renderReporting({ FAILED_URL: failedUrl ?? '' }),
    '',
    head,
    renderNetworkScript(network),
    ...(unattended ? ['', diskScript] : []),
  ].join('\n');
}
