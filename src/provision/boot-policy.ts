import type { BootDecision, BootPolicy, MachineSighting, PxeEvent } from '../pxe/ports.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { messageOf } from '../base/errors.ts';
import type { Mac } from '../base/mac.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Fleet } from './fleet.ts';
import type { SeenMachine } from './model.ts';
import type { NetbootServices, ProvisionStore } from './ports.ts';
import { bootUrl } from '../pxe/index.ts';
import type { RunBook } from './run/book.ts';
import type { RunEvent } from './run/events.ts';
import { mayBoot } from './run/transitions.ts';

const seenLimit = 4096;
const seenWriteMs = 10_000;

/** The wire's side of provisioning: who gets a boot, and what its packets mean for its run. */
export interface WireSide {
  readonly policy: BootPolicy;
  events(event: PxeEvent): void;
  seen(): readonly SeenMachine[];
  forget(mac: Mac): void;
  restore(machines: readonly SeenMachine[]): void;
}

/** Builds the boot policy and the translation of wire events into run events. */
export function createWireSide(deps: {
  readonly fleet: Fleet;
  readonly book: RunBook;
  readonly netboot: NetbootServices;
  readonly store: ProvisionStore;
  readonly clock: Clock;
  readonly log: Logger;
}): WireSide {
  const { fleet, book } = deps;
  /** MACs that were tied to a chassis by its UUID, until the inspection makes them the chassis' own. */
  const learned = new Map<Mac, Uuid>();
  const seen = new Map<Mac, SeenMachine>();
  const written = new Map<Mac, number>();

  function chassisUuidOf(mac: Mac): Uuid | undefined {
    const known = fleet.identify(mac, []);
    if (known) return known.chassis.uuid;
    const tied = learned.get(mac);
    return tied !== undefined && fleet.get(tied) ? tied : undefined;
  }

  function decide(sighting: MachineSighting): BootDecision {
    const identified = fleet.identify(sighting.mac, sighting.uuids);
    const chassisUuid = identified?.chassis.uuid ?? chassisUuidOf(sighting.mac);
    if (chassisUuid === undefined) return { kind: 'ignore', reason: 'unknown-machine' };
    if (identified?.by === 'uuid') learned.set(sighting.mac, chassisUuid);
    if (sighting.firmware === undefined && !sighting.ipxe) return { kind: 'address' };
    const run = book.ofChassis(chassisUuid);
    if (!run || !mayBoot(run)) return { kind: 'ignore', reason: 'no-run' };
    const base = deps.netboot.bootUrl(sighting.serverUuid);
    if (base === undefined) return { kind: 'ignore', reason: 'server-stopped' };
    return { kind: 'boot', scriptUrl: bootUrl(base, run.bootToken, 'boot.ipxe') };
  }

  function remember(sighting: MachineSighting, reason: string): void {
    const now = deps.clock.now();
    const old = seen.get(sighting.mac);
    if (!old && seen.size >= seenLimit) {
      const [oldest] = [...seen.values()].toSorted((a, b) => a.lastSeen - b.lastSeen);
      if (oldest) seen.delete(oldest.mac);
    }
    const machine: SeenMachine = {
      serverUuid: sighting.serverUuid,
      mac: sighting.mac,
      uuids: sighting.uuids,
      firmware: sighting.firmware ?? old?.firmware,
      vendorClass: sighting.vendorClass,
      reason,
      firstSeen: old?.firstSeen ?? now,
      lastSeen: now,
      count: (old?.count ?? 0) + 1,
    };
    seen.set(sighting.mac, machine);
    if (now - (written.get(sighting.mac) ?? 0) < seenWriteMs) return;
    written.set(sighting.mac, now);
    if (!old)
      deps.log.info(
        { mac: machine.mac, uuids: machine.uuids, firmware: machine.firmware },
        'an unknown machine asks for a boot',
      );
    deps.store.saveSeenMachine(machine).catch((error: unknown) => {
      deps.log.warn({ mac: machine.mac, reason: messageOf(error) }, 'could not record an unknown machine');
    });
  }

  function toRun(runUuid: Uuid | undefined, event: RunEvent): void {
    // The book logs what it could not save; the packet servers must not wait for it.
    if (runUuid !== undefined) book.apply(runUuid, event).catch(() => undefined);
  }

  const runOfMac = (mac: Mac): Uuid | undefined => {
    const chassisUuid = chassisUuidOf(mac);
    return chassisUuid === undefined ? undefined : book.ofChassis(chassisUuid)?.uuid;
  };

  function onHttp(event: Extract<PxeEvent, { kind: 'http' }>): void {
    const { artefact, client, phase, bytes, total } = event;
    // UEFI HTTP boot fetches its loader without a token.
    const run = event.token === '' ? book.byAddress(client) : book.byToken(event.token);
    if (run === undefined || run.address !== client) return;
    if (phase === 'failed' && total === 0 && event.reason !== undefined) {
      toRun(run.uuid, { type: 'refused', reason: `${artefact} was refused: ${event.reason}` });
      return;
    }
    const what = event.token === '' ? 'loader' : artefact;
    if (what !== 'loader' && what !== 'kernel' && what !== 'initrd') return;
    toRun(run.uuid, { type: 'download', what, phase, file: artefact, bytes, total, reason: event.reason });
  }

  return {
    policy: { decide },
    events(event) {
      switch (event.kind) {
        case 'dhcp':
          toRun(runOfMac(event.mac), { ...event, type: 'dhcp', message: event.type });
          break;
        case 'dhcp-ignored':
          if (
            event.reason === 'unknown-machine' &&
            (event.sighting.firmware !== undefined || event.sighting.ipxe)
          ) {
            remember(event.sighting, event.reason);
          }
          break;
        case 'dhcp-other-server':
          toRun(runOfMac(event.mac), { type: 'other-server', address: event.otherServer });
          break;
        case 'dhcp-pool-full':
          deps.log.warn(
            { server: event.serverUuid, mac: event.mac },
            'the DHCP range has no free address left',
          );
          toRun(runOfMac(event.mac), { type: 'pool-full' });
          break;
        case 'tftp':
          if (event.phase === 'refused') break;
          toRun(book.byAddress(event.client)?.uuid, {
            type: 'download',
            what: 'loader',
            phase: event.phase,
            file: event.file,
            bytes: event.bytes,
            total: event.total,
            reason: event.reason,
          });
          break;
        case 'http':
          onHttp(event);
          break;
        default:
          event satisfies never;
      }
    },
    seen: () => [...seen.values()].toSorted((a, b) => b.lastSeen - a.lastSeen),
    forget(mac) {
      seen.delete(mac);
      written.delete(mac);
      deps.store.deleteSeenMachine(mac).catch(() => undefined);
    },
    restore(machines) {
      for (const machine of machines) seen.set(machine.mac, machine);
    },
  };
}
