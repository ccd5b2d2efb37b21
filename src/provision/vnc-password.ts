import type { Run } from './model.ts';

/** Password of the installer's screen: eight characters from the run's own secret, as VNC authentication uses no more. RFC 6143 §7.2.2 */
export function vncPasswordOf(run: Pick<Run, 'reportToken'>): string {
  return run.reportToken.slice(-8);
}
