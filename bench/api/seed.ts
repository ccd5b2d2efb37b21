import { randomBytes } from 'node:crypto';
import sqlite from 'better-sqlite3';
import type { Uuid } from '../../src/base/uuid.ts';
import type { Chassis } from '../../src/provision/model.ts';
import { openStore } from '../../src/store/index.ts';

/** How much is in the database. */
export const sizes = { chassis: 10_000, nicsEach: 4, jobs: 1_000_000 } as const;

const hex = (prefix: string, n: number): string => prefix + n.toString(16).padStart(32 - prefix.length, '0');
export const chassisUuid = (n: number): string => hex('c', n);
export const macOf = (n: number): string =>
  `52:54:${(n >>> 24).toString(16).padStart(2, '0')}:${((n >>> 16) & 255).toString(16).padStart(2, '0')}:${((n >>> 8) & 255).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
/** On loopback: should anything ask these BMCs, nobody else is bothered. */
export const bmcAddressOf = (n: number): string =>
  `127.${1 + ((n >>> 16) & 63)}.${(n >>> 8) & 255}.${n & 255}`;
const addressOf = (n: number): string => `10.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;

function chassisRecord(n: number, now: number): Chassis {
  return {
    uuid: chassisUuid(n) as Uuid,
    name: `node-${n}`,
    description: undefined,
    ipmiAddress: bmcAddressOf(n),
    ipmiPort: 623,
    ipmiUsername: 'admin',
    ipmiPassword: 'bench',
    status: 'Unprovisioned',
    statusCause: undefined,
    bootMode: 'uefi',
    systemUuids: [],
    macs: [],
    createDate: now + n,
    lastOpDate: now + n,
  };
}

/** Fills a database in `folder` with chassis, a hostcfg each, their NICs, and finished jobs. */
export async function seedDatabase(folder: string): Promise<void> {
  const path = `${folder}/rackwright.sqlite`;
  const keyPath = `${folder}/secrets.key`;
  const store = await openStore({ path, keyPath, random: (length) => new Uint8Array(randomBytes(length)) });
  const now = Date.now();
  const numbers = Array.from({ length: sizes.chassis }, (_, n) => n);
  // Through the store, because it seals the passwords.
  await Promise.all(numbers.map((n) => store.provision.saveChassis(chassisRecord(n, now))));
  await store.close();
  const db = sqlite(path);
  db.pragma('synchronous = OFF');
  const hostCfg = db.prepare(
    'INSERT INTO host_cfg (uuid, chassis_uuid, vnc, unattended, create_date, last_op_date) VALUES (?, ?, 1, 1, ?, ?)',
  );
  const nic = db.prepare(
    `INSERT INTO nic_cfg (uuid, host_cfg_uuid, position, mac, pxe, ip, netmask, create_date, last_op_date)
     VALUES (?, ?, ?, ?, ?, ?, '255.0.0.0', ?, ?)`,
  );
  const job = db.prepare(
    `INSERT INTO job (uuid, api, account_uuid, state, result, create_date, finish_date)
     VALUES (?, 'PowerOnBaremetalHost', '36c27e8ff05c4780bf6d2fa65700f22e', 'succeeded', '{}', ?, ?)`,
  );
  db.transaction(() => {
    for (let n = 0; n < sizes.chassis; n += 1) {
      hostCfg.run(hex('b', n), chassisUuid(n), now + n, now + n);
      for (let i = 0; i < sizes.nicsEach; i += 1) {
        const number = n * sizes.nicsEach + i;
        const [uuid, mac, ip] = [hex('a', number), macOf(number), addressOf(1_000_000 + number)];
        nic.run(uuid, hex('b', n), i, mac, i === 0 ? 1 : 0, ip, now, now);
      }
    }
    for (let n = 0; n < sizes.jobs; n += 1) job.run(hex('d', n), now - n, now - n);
  })();
  db.exec('ANALYZE');
  db.close();
}
