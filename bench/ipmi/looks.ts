import { median, printRow, say } from '../support/report.ts';
import type { LookAnswer, LookOrder } from './orders.ts';
import { findPeers, type Peer } from './peers.ts';
import { startSimulators, startWorker } from './programs.ts';
import type { Fleet } from './targets.ts';

const fleet: Fleet = { first: '127.40.0.1', count: 1000 };
const runs = 3;
/** Rounds of a new process that are not measured: the product runs for weeks, and the first rounds are not compiled yet. */
const warmUps = 3;

interface OurTimes {
  readonly fresh: number;
  readonly cold: number;
  readonly warm: number;
}

/** One process of ours: its very first round, then rounds with new sessions, then rounds with sessions that are kept. */
async function lookOurselves(): Promise<OurTimes> {
  const args = [fleet.first, String(fleet.count)];
  const looker = startWorker<LookOrder, LookAnswer>('looker', args, 'measured');
  const round = async (kind: LookOrder['kind']): Promise<number> => {
    const { answered, ms } = await looker.ask({ kind });
    if (answered !== fleet.count) throw new Error(`only ${answered} of ${fleet.count} BMCs told their power`);
    return ms;
  };
  const afterWarmUp = async (kind: LookOrder['kind']): Promise<number> => {
    for (let n = 0; n < warmUps; n += 1) await round(kind);
    return round(kind);
  };
  try {
    const fresh = await round('cold');
    const cold = await afterWarmUp('cold');
    const warm = await afterWarmUp('warm');
    await round('close');
    return { fresh, cold, warm };
  } finally {
    await looker.stop();
  }
}

/** Power status of 1,000 BMCs, with sessions that are open and with new ones, against what others need. */
export async function benchLooks(): Promise<void> {
  const peers = findPeers();
  const simulators = await startSimulators(fleet);
  try {
    const ours: OurTimes[] = [];
    const theirs = new Map<Peer, number[]>(Object.values(peers).map((peer) => [peer, []]));
    for (let run = 1; run <= runs; run += 1) {
      say(`run ${run} of ${runs}`);
      ours.push(await lookOurselves());
      for (const [peer, times] of theirs) {
        const sample = { ...fleet, count: Math.min(peer.sample, fleet.count) };
        times.push(((await peer.look(sample)) * fleet.count) / sample.count);
      }
    }
    const row = (work: string, kind: keyof OurTimes, peer: Peer | undefined, goal: string): void => {
      if (peer === undefined) return;
      const scaled = peer.sample < fleet.count ? ` (${peer.sample} BMCs, scaled)` : '';
      printRow(
        {
          work: `power status of ${fleet.count} BMCs, ${work}`,
          peer: peer.name + scaled,
          ours: median(ours.map((one) => one[kind])),
          theirs: median(theirs.get(peer) ?? []),
          unit: 'ms',
          goal,
          runs,
        },
        'lower',
      );
    };
    row('sessions open', 'warm', peers.ipmipower, 'ratio 3');
    row('new sessions', 'cold', peers.ipmipower, 'ratio 0.5');
    row('new sessions, first round of a new process', 'fresh', peers.ipmipower, 'none');
    row('new sessions', 'cold', peers.ipmitool, 'ratio 10');
    row('new sessions', 'cold', peers.pyghmi, 'ratio 40');
  } finally {
    await simulators.stop();
  }
}
