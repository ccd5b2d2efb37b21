import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/base/clock.ts';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Mac } from '../../src/base/mac.ts';
import { openInterfaceLook } from '../../src/net/interface-state.ts';
import { openNeighbourTable } from '../../src/net/neighbours.ts';
import { createAddressProbe } from '../../src/net/probe/address-probe.ts';

/** What the process shall do on one interface of its namespace; it prints the answers as one JSON text. */
export interface NetQuestions {
  readonly device: string;
  readonly arp?: readonly string[];
  readonly icmp?: readonly string[];
  readonly whoHas?: string;
  readonly teach?: { readonly ip: string; readonly mac: string };
  readonly look?: readonly string[];
}

const questions = JSON.parse(process.argv[2] ?? '{}') as NetQuestions;
const warnings: string[] = [];
const log = { ...silentLog, warn: (_facts: unknown, text: string) => void warnings.push(text) };
const probe = await createAddressProbe(questions.device, { clock: systemClock, random: randomBytes, log });
// The clock's timers keep no process alive; this one is to wait for them.
const alive = setInterval(() => undefined, 1000);
const neighbours = await openNeighbourTable(questions.device);
const look = await openInterfaceLook();
const { teach, whoHas } = questions;
const ask = (ips: readonly string[] = [], relayed: boolean): Promise<boolean[]> =>
  Promise.all(ips.map((ip) => probe.inUse(ip as Ipv4, { relayed })));
const answers = {
  arp: await ask(questions.arp, false),
  icmp: await ask(questions.icmp, true),
  whoHas: whoHas === undefined ? undefined : await probe.whoHas(whoHas as Ipv4),
  taught: teach && neighbours.teach(teach.ip as Ipv4, teach.mac as Mac),
  look: questions.look?.map((name) => look(name) ?? null),
  warnings,
};
probe.close();
probe.close();
neighbours.close();
clearInterval(alive);
process.stdout.write(
  JSON.stringify({ ...answers, afterClose: await probe.inUse('192.0.2.7' as Ipv4, { relayed: false }) }),
);
