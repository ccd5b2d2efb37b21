import type { LabFirmware } from '../../hardware-lab/qemu-command.ts';
import { missingForLab } from '../../hardware-lab/tools.ts';
import { needTools } from '../support/need.ts';

/** True when racks with these firmwares can be built here; otherwise says why, and fails under CI=true. */
export function needLab(...firmwares: readonly LabFirmware[]): boolean {
  const missing = missingForLab(firmwares);
  if (missing.length > 0) {
    if (process.env['CI'] === 'true') throw new Error(missing.join(' '));
    process.stderr.write(`skipped: ${missing.join(' ')}\n`);
    return false;
  }
  return needTools({ tool: 'ipmitool', package: 'ipmitool' });
}
