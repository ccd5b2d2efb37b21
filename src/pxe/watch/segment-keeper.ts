import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import type { InterfaceState, LookAtInterface } from '../../net/interface-state.ts';
import { PxeError } from '../errors.ts';
import type { Segment, SegmentSettings } from '../segment.ts';
import type { ForeignServer } from './foreign-servers.ts';

/** How soon a change of the interface is seen. */
const lookEveryMs = 2000;
/** Looks between two tries of a segment that could not start although its interface is there. */
const looksBetweenTries = 15;

export interface KeeperDeps {
  /** Starts the services on the address that the interface has now. */
  readonly start: (
    on: { readonly address: Ipv4; readonly netmask: Ipv4 },
    settings: SegmentSettings,
  ) => Promise<Segment>;
  readonly look: LookAtInterface;
  /** Settings that others change without telling; asked at each look. */
  readonly moving: () => Partial<SegmentSettings>;
  /** Told when the services went, with what to do about it, and with undefined when they are back. */
  readonly changed: (problem: string | undefined) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A segment that follows its interface. */
export interface KeptSegment {
  /** Undefined while the services are not running. */
  segment(): Segment | undefined;
  /** Takes other settings, now or when the interface is back. Throws PxeError `bad-dhcp-settings` and changes nothing then. */
  update(settings: Partial<SegmentSettings>): void;
  otherServers(withinMs: number): Promise<readonly ForeignServer[]>;
  close(): Promise<void>;
}

/**
 * Starts a segment and keeps it with its interface: closed while that is gone or has no address, started again when it is back, bound anew
 * when its address changed. With `patient` an interface that is not there yet is waited for; otherwise, and when a service cannot start,
 * it rejects as startSegment does.
 */
export async function keepSegment(
  wish: { readonly device: string; readonly settings: SegmentSettings; readonly patient: boolean },
  deps: KeeperDeps,
): Promise<KeptSegment> {
  const { device } = wish;
  const { clock, log } = deps;
  let settings = { ...wish.settings, ...deps.moving() };
  let state = deps.look(device);
  let segment: Segment | undefined;
  let problem: string | undefined;
  let untilTry = 0;
  let isClosed = false;
  let working: Promise<void> = Promise.resolve();
  let cancelLook: () => void = () => undefined;

  function tell(next: string | undefined): void {
    if (next === problem) return;
    problem = next;
    deps.changed(next);
  }

  async function startOn(now: InterfaceState | undefined): Promise<void> {
    if (now?.ipv4 === undefined) throw new PxeError('no-address', absence(device, now));
    const used = settings;
    segment = await deps.start(now.ipv4, used);
    // They may have changed while the services started.
    if (settings !== used) segment.update(settings);
  }

  async function follow(): Promise<void> {
    const now = deps.look(device);
    const isSame = sameState(state, now);
    state = now;
    if (segment !== undefined && isSame) return;
    const before = segment;
    segment = undefined;
    await before?.close();
    if (isClosed) return;
    if (now?.ipv4 === undefined) return tell(absence(device, now));
    if (isSame && untilTry-- > 0) return;
    untilTry = looksBetweenTries;
    try {
      await startOn(now);
      if (before === undefined || !isSame)
        log.info({ device, ...now.ipv4 }, 'PXE services run on the interface again');
      tell(undefined);
    } catch (error) {
      tell(`the services cannot start on ${device} again: ${messageOf(error)}`);
      log.warn(
        { device, ...now.ipv4, reason: messageOf(error) },
        'PXE services cannot start on the interface again',
      );
    }
  }

  function refresh(): void {
    const next = deps.moving();
    const isNew = Object.entries(next).some(
      ([name, value]) => settings[name as keyof SegmentSettings] !== value,
    );
    if (isNew) update(next);
  }

  function update(change: Partial<SegmentSettings>): void {
    segment?.update(change);
    settings = { ...settings, ...change };
  }

  function lookSoon(): void {
    cancelLook = clock.after(lookEveryMs, () => {
      working = follow()
        .then(refresh)
        .catch((error: unknown) =>
          log.error({ device, reason: messageOf(error) }, 'cannot follow the interface'),
        )
        .finally(() => {
          if (!isClosed) lookSoon();
        });
    });
  }

  if (state?.ipv4 === undefined && wish.patient) tell(absence(device, state));
  else await startOn(state);
  lookSoon();
  return {
    segment: () => segment,
    update,
    otherServers: async (withinMs) => segment?.otherServers(withinMs) ?? [],
    async close() {
      isClosed = true;
      cancelLook();
      await working;
      const last = segment;
      segment = undefined;
      await last?.close();
    },
  };
}

/** What stands in the way while the interface cannot carry services. */
function absence(device: string, state: InterfaceState | undefined): string {
  return state === undefined
    ? `the network interface ${device} is missing; the services start when it is back`
    : `the network interface ${device} has no IPv4 address; the services start when it has one`;
}

function sameState(a: InterfaceState | undefined, b: InterfaceState | undefined): boolean {
  return (
    a?.index === b?.index && a?.ipv4?.address === b?.ipv4?.address && a?.ipv4?.netmask === b?.ipv4?.netmask
  );
}
