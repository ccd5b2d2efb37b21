import type { Rows } from './api-doubles.ts';

/** Uuids of the rows that `seedRows` makes. */
export const existing = {
  pxeserver: '9d373b1311014b56b049d77e51245b80',
  chassis: 'd169e2ede4c144a19cf15de9633deaf4',
  hostcfg: 'e'.repeat(32),
  hardwareinfo: 'f'.repeat(32),
} as const;

/** One row of every resource, with every member that the manual shows. */
export function seedRows(rows: Rows): void {
  for (const map of Object.values(rows)) map.clear();
  const dates = { createDate: 0, lastOpDate: 0 };
  const range = { dhcpRangeBegin: '10.0.0.1', dhcpRangeEnd: '10.0.0.9', dhcpRangeNetmask: '255.255.255.0' };
  const pxe = { uuid: existing.pxeserver, name: 'test', dhcpInterface: 'eth0', ...range, status: 'Running' };
  rows.pxeServer.set(existing.pxeserver, { ...pxe, ...dates });
  const ipmi = { ipmiAddress: '1.1.1.1', ipmiPort: '623', ipmiUsername: 'root', ipmiPassword: 'x' };
  rows.chassis.set(existing.chassis, {
    uuid: existing.chassis,
    name: 'c',
    ...ipmi,
    status: 'Unprovisioned',
    ...dates,
  });
  const address = { ip: '10.0.0.1', netmask: '255.255.255.0', gateway: '10.0.0.254', dns: '8.8.8.8' };
  rows.hostCfg.set(existing.hostcfg, {
    uuid: existing.hostcfg,
    chassisUuid: existing.chassis,
    password: 'x',
    vnc: true,
    unattended: true,
    nicCfgs: [{ uuid: '1'.repeat(32), mac: '11:11:11:11:11:11', ...address, pxe: true }],
    bondings: [{ uuid: '2'.repeat(32), name: 'bond0', slaves: '22:22:22:22:22:22', mode: '4', ...address }],
    ...dates,
  });
  rows.hardwareInfo.set(existing.hardwareinfo, {
    uuid: existing.hardwareinfo,
    chassisUuid: existing.chassis,
    type: 'basic',
    content: '{"cpu_core":"16"}',
    ...dates,
  });
}
