import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { ConsoleService, OpenedConsole, OpenedScreen, ViewerAction } from '../console/index.ts';
import type { Platform } from '../platform/index.ts';
import type { OpenTicket } from './streams/kinds.ts';
import { blankAuditEntry } from './zstack/audit-entry.ts';
import { toZstackError } from './zstack/errors.ts';

/** Names of the API for what a viewer does: the audit log calls the same thing the same. */
const actionApis = {
  chassis: {
    'power-on': 'PowerOnBaremetalHost',
    'power-off': 'PowerOffBaremetalHost',
    'power-reset': 'PowerResetBaremetalHost',
    'take-over': 'TakeOverConsole',
  },
  vm: {
    'power-on': 'StartVmInstance',
    'power-off': 'StopVmInstance',
    'power-reset': 'RebootVmInstance',
    'take-over': 'TakeOverConsole',
  },
} as const;

const ownerOf = ({ accountUuid, name, subject }: OpenedConsole | OpenedScreen) =>
  ({
    accountUuid,
    accountName: name,
    resourceType: subject.kind === 'chassis' ? 'BaremetalChassisVO' : 'VmInstanceVO',
    resourceUuid: subject.uuid,
  }) as const;

/** What the tickets of consoles and their screens open. What viewers do to machines is audited before they hear of its end. */
export function consoleStreams(deps: {
  readonly consoles: ConsoleService;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly log: Logger;
}): { readonly console: OpenTicket; readonly 'console-screen': OpenTicket } {
  const { consoles, platform, clock, log } = deps;

  const noteOf =
    (opened: OpenedConsole, remoteAddress: string) =>
    async ({ kind, error, beganAt }: ViewerAction): Promise<void> => {
      const failed = error === undefined ? undefined : toZstackError(error).body.error;
      const entry = {
        ...blankAuditEntry,
        ...ownerOf(opened),
        remoteAddress,
        api: actionApis[opened.subject.kind][kind],
        outcome: failed === undefined ? 'Succeeded' : 'Failed',
        errorCode: failed?.code,
        errorText: failed?.details,
        request: JSON.stringify({ from: 'console' }),
        durationMs: Math.max(0, clock.now() - beganAt),
      } as const;
      try {
        await platform.audit.append(entry);
      } catch (fault) {
        log.error({ audit: true, entry, err: messageOf(fault) }, 'an audit entry could not be stored');
      }
    };

  return {
    async console(ticket) {
      const opened = await consoles.open(ticket);
      if (opened === undefined) return undefined;
      return {
        ...ownerOf(opened),
        attach: (channel, remoteAddress) =>
          opened.attach(channel, remoteAddress, noteOf(opened, remoteAddress)),
        abandon: () => opened.abandon(),
      };
    },
    async 'console-screen'(ticket) {
      const opened = await consoles.openScreen(ticket);
      return opened && { ...ownerOf(opened), stream: opened.stream };
    },
  };
}
