import type { BootDecision, BootPolicy, MachineSighting, PxeEvent } from '../pxe/ports.ts';
import type { Logger } from '../base/log.ts';
import type { Mac } from '../base/mac.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Borders } from './borders.ts';
import type { Fleet } from './fleet.ts';
import type { DhcpMode } from './model.ts';
import { addressConflict, foreignDhcp, poolForecast, poolFull, rogueDhcp } from './notices.ts';
import type { NetbootServices, Notify } from './ports.ts';
import { bootUrl } from '../pxe/index.ts';
import type { RunBook } from './run/book.ts';
import type { RunEvent } from './run/events.ts';
import { mayBoot } from './run/transitions.ts';
import type { SeenMachines } from './seen-machines.ts';

/** Anybody who knows a machine's UUID can make up MACs for it. */
const learnedLimit = 1024;

/** The wire's side of provisioning: who gets a boot, and what its packets mean for its run. */
export interface WireSide {
  readonly policy: BootPolicy;
  events(event: PxeEvent): void;
}

/** Builds the boot policy and the translation of wire events into run events. */
export function createWireSide(deps: {
  readonly fleet: Fleet;
  readonly book: RunBook;
  readonly borders: Pick<Borders, 'beyond'>;
  readonly netboot: NetbootServices;
  /** What a PXE server does, from memory. */
  readonly modeOf: (serverUuid: Uuid) => DhcpMode | undefined;
  readonly notify: Notify;
  readonly seen: SeenMachines;
  readonly log: Logger;
}): WireSide {
  const { fleet, book } = deps;
  /** MACs tied to a chassis by its UUID, until the first step of its run makes them the chassis' own. */
  const learned = new Map<Mac, Uuid>();

  function chassisUuidOf(mac: Mac): Uuid | undefined {
    const known = fleet.identify(mac, []);
    if (known) return known.chassis.uuid;
    const tied = learned.get(mac);
    return tied !== undefined && fleet.get(tied) ? tied : undefined;
  }

  function learn(mac: Mac, chassisUuid: Uuid): void {
    learned.set(mac, chassisUuid);
    const [oldest] = learned.keys();
    if (learned.size > learnedLimit && oldest !== undefined) learned.delete(oldest);
  }

  function decide(sighting: MachineSighting): BootDecision {
    const identified = fleet.identify(sighting.mac, sighting.uuids);
    const chassisUuid = identified?.chassis.uuid ?? chassisUuidOf(sighting.mac);
    if (chassisUuid === undefined) return { kind: 'ignore', reason: 'unknown-machine' };
    const run = book.ofChassis(chassisUuid);
    if (sighting.firmware === undefined && !sighting.ipxe) {
      // While a run is open, what asks is the installer or the inspector: gone in an hour.
      return { kind: 'address', client: run === undefined ? 'host' : 'installer' };
    }
    if (!run || !mayBoot(run)) return { kind: 'ignore', reason: 'no-run' };
    // Boards of one batch may share a UUID, also with one that nobody entered. Where the machine's NICs are known, an installation,
    // which wipes disks, goes to these only; an inspection may meet a new NIC.
    if (run.kind === 'install' && identified?.by === 'uuid' && identified.chassis.macs.length > 0) {
      return { kind: 'ignore', reason: 'unknown-machine' };
    }
    const foreign = deps.borders.beyond(run.uuid, sighting.serverUuid);
    if (foreign !== undefined) {
      toRun(run.uuid, { type: 'barred-server', cluster: foreign.name });
      return { kind: 'ignore', reason: 'no-run' };
    }
    if (identified?.by === 'uuid') learn(sighting.mac, chassisUuid);
    const base = deps.netboot.bootUrl(sighting.serverUuid);
    if (base === undefined) return { kind: 'ignore', reason: 'server-stopped' };
    return { kind: 'boot', scriptUrl: bootUrl(base, run.bootToken, 'boot.ipxe') };
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
            deps.seen.remember(event.sighting, event.reason);
          }
          break;
        case 'dhcp-other-server':
          // Whom strangers take their address from is nobody's fault.
          if (chassisUuidOf(event.mac) !== undefined)
            deps.notify(rogueDhcp(event.serverUuid, event.otherServer, event.mac));
          toRun(runOfMac(event.mac), { type: 'other-server', address: event.otherServer });
          break;
        case 'dhcp-pool-full':
          deps.log.warn(
            { server: event.serverUuid, mac: event.mac },
            'the DHCP range has no free address left',
          );
          deps.notify(poolFull(event.serverUuid, event.mac));
          toRun(runOfMac(event.mac), { type: 'pool-full' });
          break;
        case 'dhcp-pool-forecast':
          deps.notify(poolForecast(event.serverUuid, event.free, event.expected));
          break;
        case 'dhcp-conflict':
          deps.notify(addressConflict(event.serverUuid, event.ip, event.mac));
          break;
        case 'dhcp-foreign-server':
          // Beside a server that does not serve another one is as it should be, or was told when that was decided.
          if (deps.modeOf(event.serverUuid) === 'serve') {
            const { server, serverMac: mac, offered } = event;
            deps.notify(foreignDhcp(event.serverUuid, { server, mac, offered }));
          }
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
  };
}
