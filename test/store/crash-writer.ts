/** Writes without end to the store in argv[2] and tells each write on stdout once the store said that it is on disk. */
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { openStore } from '../../src/store/index.ts';
import { chassis, macOf, pathsIn, random, run } from '../support/records.ts';

const directory = String(process.argv[2]);
const rounds = Number(process.argv[3] ?? Number.POSITIVE_INFINITY);
const server = '1'.repeat(32) as Uuid;
const store = await openStore({ ...pathsIn(directory), random });
// Writes to a pipe are synchronous on Linux, so what was told has left this process.
const told = (line: string): void => void process.stdout.write(`${line}\n`);

const known = (await store.leases.load(server)).length;
const machine = chassis({ ipmiAddress: `crash-${known}-${process.pid}`, macs: [] });
const pass = run(machine.uuid);
await store.provision.saveChassis(machine);
await store.provision.saveRunStep({ run: pass, timeline: [] });
for (let number = known, round = 0; round < rounds; number += 5, round++) {
  const leases = Array.from({ length: 5 }, (_, index) => ({
    serverUuid: server,
    ip: `lease-${number + index}` as Ipv4,
    mac: macOf(number + index),
    clientId: undefined,
    expiresAt: number,
    state: 'bound' as const,
  }));
  const line = { runUuid: pass.uuid, chassisUuid: machine.uuid, at: number, step: 's', text: '', bytes: 1 };
  await Promise.all([
    ...leases.map((lease) => store.leases.commit([lease]).then(() => told(`lease ${lease.ip}`))),
    store.provision
      .saveRunStep({ run: { ...pass, stageSince: number }, timeline: [line] })
      .then(() => told(`step ${pass.uuid} ${machine.uuid} ${number}`)),
  ]);
}
