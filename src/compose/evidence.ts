import type { ConsoleService } from '../console/index.ts';
import type { Settings } from '../platform/index.ts';
import type { Evidence, ScreenFiles } from '../provision/ports.ts';

/** Lines of a serial console that are searched for why a run stands still: a kernel's panic comes with its registers and stacks behind it. */
const evidenceLines = 200;

/** What runs in trouble see of their machines; nothing before there are consoles. */
export function evidenceOf(
  consoles: () => ConsoleService | undefined,
  screens: ScreenFiles,
  settings: Settings,
): Evidence {
  return {
    async look(chassisUuid) {
      const service = consoles();
      const [screenshot, consoleTail] = await Promise.all([
        service?.screenshot('chassis', chassisUuid).catch(() => undefined),
        service?.tail('chassis', chassisUuid, evidenceLines).catch(() => undefined),
      ]);
      return { screenshot: screenshot?.png, consoleTail };
    },
    screens,
    get quietPercent() {
      return settings.get('baremetal.look.quietPercent');
    },
  };
}
