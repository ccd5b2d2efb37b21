import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { Store } from '../../src/store/index.ts';
import { sampleNetwork } from './fake-domain.ts';
import { run } from './records.ts';

/** Uuids of the rows that `seedRows` makes. */
export const existing = {
  pxeserver: '9d373b1311014b56b049d77e51245b80',
  chassis: 'd169e2ede4c144a19cf15de9633deaf4',
  hostcfg: 'e'.repeat(32),
  hardwareinfo: 'f'.repeat(32),
} as const;

/** Empties the bare-metal tables, then makes one row of each with every member that the manual shows. */
export async function seedRows({ store }: { readonly store: Store }): Promise<void> {
  const { provision } = store;
  await Promise.all([
    ...(await provision.listChassis()).map(({ uuid }) => provision.deleteChassis(uuid)),
    ...(await provision.listPxeServers()).map(({ uuid }) => provision.deletePxeServer(uuid)),
  ]);
  const dates = { createDate: 0, lastOpDate: 0 };
  const chassisUuid = existing.chassis as Uuid;
  await Promise.all([
    provision.savePxeServer({
      uuid: existing.pxeserver as Uuid,
      name: 'test',
      description: undefined,
      dhcpInterface: 'eth0',
      dhcpRangeBegin: '10.0.0.1' as Ipv4,
      dhcpRangeEnd: '10.0.0.9' as Ipv4,
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
      ...dates,
    }),
    provision.saveChassis({
      uuid: chassisUuid,
      name: 'c',
      description: undefined,
      ipmiAddress: '1.1.1.1',
      ipmiPort: 623,
      ipmiUsername: 'root',
      ipmiPassword: 'kept-out',
      status: 'Unprovisioned',
      statusCause: undefined,
      bootMode: 'unknown',
      systemUuids: [],
      macs: [],
      ...dates,
    }),
    provision.saveHostCfg({
      uuid: existing.hostcfg as Uuid,
      chassisUuid,
      password: 'kept-out',
      vnc: true,
      unattended: true,
      network: sampleNetwork(0),
      ...dates,
    }),
  ]);
  const chassis = await provision.getChassis(chassisUuid);
  if (chassis === undefined) throw new Error('the chassis is gone');
  const row = {
    uuid: existing.hardwareinfo as Uuid,
    chassisUuid,
    type: 'basic' as const,
    content: '{"cpu_core":"16"}',
    ...dates,
  };
  await provision.saveInspection([row], chassis, run(chassisUuid, { stage: 'done', endedAt: 1 }));
}
