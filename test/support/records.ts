import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Mac } from '../../src/base/mac.ts';
import type { RandomBytes } from '../../src/base/random.ts';
import { newUuid, type Uuid } from '../../src/base/uuid.ts';
import type {
  Chassis,
  HardwareInfo,
  HostCfg,
  PxeServer,
  Run,
  SeenMachine,
} from '../../src/provision/model.ts';
import { noEvidence } from '../../src/provision/model.ts';

export const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));
export const uuid = (): Uuid => newUuid(random);

/** Where a test's store lies. */
export const pathsIn = (directory: string) => ({
  path: join(directory, 'data', 'rackwright.db'),
  keyPath: join(directory, 'data', 'rackwright.key'),
});

let counter = 0;
const next = (): number => ++counter;

/** A number as the last three bytes of an Ethernet address. */
export function macOf(number: number): Mac {
  const hex = number.toString(16).padStart(6, '0');
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}` as Mac;
}

export function pxeServer(change: Partial<PxeServer> = {}): PxeServer {
  return {
    uuid: uuid(),
    name: 'rack 1',
    description: undefined,
    dhcpInterface: `eth${next()}`,
    dhcpRangeBegin: '192.0.2.10' as Ipv4,
    dhcpRangeEnd: '192.0.2.200' as Ipv4,
    dhcpRangeNetmask: '255.255.255.0' as Ipv4,
    dhcpMode: 'serve',
    dhcpArmed: true,
    dhcpOnlyReserved: false,
    dhcpSubnets: [],
    dhcpReservations: [],
    dhcpExclusions: [],
    dhcpHeldBy: undefined,
    heldBack: undefined,
    status: 'Running',
    createDate: 1_700_000_000_000,
    lastOpDate: 1_700_000_001_000,
    ...change,
  };
}

export function chassis(change: Partial<Chassis> = {}): Chassis {
  return {
    uuid: uuid(),
    name: 'node 1',
    description: 'top of rack',
    ipmiAddress: `198.51.100.${next()}`,
    ipmiPort: 623,
    ipmiUsername: 'ADMIN',
    ipmiPassword: 'bmc-canary-password',
    status: 'Unprovisioned',
    statusCause: undefined,
    bootMode: 'unknown',
    systemUuids: [uuid(), uuid()],
    macs: [macOf(next()), macOf(next())].toReversed(),
    createDate: 1_700_000_000_000,
    lastOpDate: 1_700_000_001_000,
    ...change,
  };
}

export function hostCfg(chassisUuid: Uuid, change: Partial<HostCfg> = {}): HostCfg {
  const none = { ip: undefined, netmask: undefined, gateway: undefined, dns: undefined };
  const fixed = {
    ip: '203.0.113.5' as Ipv4,
    netmask: '255.255.255.0' as Ipv4,
    gateway: '203.0.113.1' as Ipv4,
    dns: '203.0.113.2' as Ipv4,
  };
  const slaves = [macOf(next()), macOf(next())];
  return {
    uuid: uuid(),
    chassisUuid,
    password: 'root-canary-password',
    vnc: true,
    unattended: false,
    network: {
      nics: [
        { mac: macOf(next()), pxe: true, ...fixed },
        { mac: slaves[1]!, pxe: false, ...none },
        { mac: slaves[0]!, pxe: false, ...none },
      ],
      bondings: [{ name: 'bond0', slaves, mode: 4, ...fixed, gateway: undefined }],
      vlans: [{ parent: 'bond0', vlanId: 100, ...none }],
    },
    createDate: 1_700_000_000_000,
    lastOpDate: 1_700_000_001_000,
    ...change,
  };
}

export function run(chassisUuid: Uuid, change: Partial<Run> = {}): Run {
  return {
    uuid: uuid(),
    chassisUuid,
    pxeServerUuid: uuid(),
    kind: 'install',
    stage: 'awaiting-dhcp',
    stageSince: 1_700_000_000_500,
    startedAt: 1_700_000_000_000,
    endedAt: undefined,
    bootToken: 'boot-canary-token',
    kickstartToken: 'kickstart-canary-token',
    reportToken: 'report-canary-token',
    kickstartConsumed: false,
    mac: undefined,
    address: undefined,
    firmware: undefined,
    evidence: { ...noEvidence, discovers: 3, poolFull: true, loaderFailure: 'no answer' },
    cause: undefined,
    ...change,
  };
}

export function hardware(chassisUuid: Uuid, change: Partial<HardwareInfo> = {}): HardwareInfo {
  return {
    uuid: uuid(),
    chassisUuid,
    type: 'nic',
    content: '{"mac":"52:54:00:00:00:01"}',
    createDate: 1_700_000_000_000,
    lastOpDate: 1_700_000_001_000,
    ...change,
  };
}

export function seenMachine(change: Partial<SeenMachine> = {}): SeenMachine {
  return {
    serverUuid: uuid(),
    mac: macOf(next()),
    uuids: [uuid()],
    firmware: 'uefi-x64',
    vendorClass: undefined,
    reason: 'unknown-machine',
    firstSeen: 1_700_000_000_000,
    lastSeen: 1_700_000_001_000,
    count: 4,
    ...change,
  };
}
