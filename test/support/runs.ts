import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Mac } from '../../src/base/mac.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { noEvidence, type Run } from '../../src/provision/model.ts';
import type { RunEvent } from '../../src/provision/run/events.ts';

export const serverUuid = '0'.repeat(31).concat('1') as Uuid;
export const mac = '52:54:00:00:00:01' as Mac;
export const ip = '192.0.2.100' as Ipv4;

/** A run that has just begun, at time 1000. */
export function newRun(kind: Run['kind'], change: Partial<Run> = {}): Run {
  return {
    uuid: 'a'.repeat(32) as Uuid,
    chassisUuid: 'c'.repeat(32) as Uuid,
    pxeServerUuid: serverUuid,
    kind,
    stage: 'powering',
    stageSince: 1000,
    startedAt: 1000,
    endedAt: undefined,
    bootToken: 'b0'.repeat(32),
    kickstartToken: 'b1'.repeat(32),
    reportToken: 'b2'.repeat(32),
    kickstartConsumed: false,
    mac: undefined,
    address: undefined,
    firmware: undefined,
    evidence: noEvidence,
    cause: undefined,
    ...change,
  };
}

/** A DHCP event of the machine. */
export function dhcp(
  message: Extract<RunEvent, { type: 'dhcp' }>['message'],
  client: 'bios' | 'ipxe' | 'system',
): RunEvent {
  return {
    type: 'dhcp',
    message,
    serverUuid,
    mac,
    ip: message === 'offer' || message === 'ack' ? ip : undefined,
    firmware: client === 'bios' ? 'bios' : undefined,
    ipxe: client === 'ipxe',
    bootFile: undefined,
    bytes: 300,
  };
}

/** A download event. */
export function download(
  what: 'loader' | 'kernel' | 'initrd',
  phase: 'start' | 'progress' | 'done' | 'failed',
  bytes: number,
  total = 1000,
): RunEvent {
  return { type: 'download', what, phase, file: what, bytes, total, reason: undefined };
}

/** What a healthy machine sends, up to the moment when the work begins. */
export const bootEvents: readonly RunEvent[] = [
  { type: 'boot-flag', kept: true, marked: true, efiWanted: true, efiKept: true },
  { type: 'powered', how: 'powered on' },
  dhcp('discover', 'bios'),
  dhcp('offer', 'bios'),
  dhcp('request', 'bios'),
  dhcp('ack', 'bios'),
  download('loader', 'start', 0),
  download('loader', 'done', 1000),
  dhcp('discover', 'ipxe'),
  dhcp('offer', 'ipxe'),
  dhcp('ack', 'ipxe'),
  { type: 'script-read' },
  download('kernel', 'start', 0),
  download('kernel', 'done', 1000),
  download('initrd', 'start', 0),
  download('initrd', 'progress', 500),
  download('initrd', 'done', 1000),
  dhcp('ack', 'system'),
];
