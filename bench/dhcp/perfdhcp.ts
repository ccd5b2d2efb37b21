import type { Lan } from '../pxe/lan.ts';
import { devices } from '../pxe/lan.ts';
import { macBases, macOf, network } from '../pxe/orders.ts';

/** Most exchanges of a run that may go without an answer. */
const mostLost = 0.01;
const seconds = 2;

/** Exchanges per second that perfdhcp began and saw ended at `rate`, and the share that it did not see ended. */
async function once(
  lan: Lan,
  rate: number,
  who: { readonly base: number; readonly clients: number },
): Promise<{ readonly perSecond: number; readonly lost: number }> {
  const { status, stdout, stderr } = await lan.run([
    'perfdhcp',
    '-4',
    '-l',
    devices.client,
    '-b',
    `mac=${macOf(who.base, 0)}`,
    '-R',
    String(who.clients),
    '-r',
    String(Math.ceil(rate)),
    '-p',
    String(seconds),
    // It sends nothing new in its last second (in µs), but takes answers.
    '-W',
    '1000000',
    network.server,
  ]);
  // 3: some packets were lost.
  if (status !== 0 && status !== 3) throw new Error(`perfdhcp ended with ${status}: ${stderr}`);
  const counts = (what: string): readonly number[] =>
    [...stdout.matchAll(new RegExp(`^${what}(?: packets)?: (\\d+)`, 'gm'))].map(([, count]) => Number(count));
  const sent = counts('sent')[0] ?? 0;
  const ended = counts('received')[1] ?? 0;
  if (sent === 0) throw new Error(`perfdhcp sent nothing: ${stdout}${stderr}`);
  return { perSecond: ended / seconds, lost: 1 - ended / sent };
}

/**
 * The highest rate at which perfdhcp lost at most one exchange of a hundred, found from `guess` in steps of a seventh; 0 when it
 * lost more at every rate. New clients come from a range that is never used twice.
 */
export async function perfdhcpRate(lan: Lan, kind: keyof typeof macBases, guess: number): Promise<number> {
  const clients = kind === 'known' ? 10_000 : 16_000_000;
  const who = { base: macBases[kind], clients };
  const step = 8 / 7;
  let best = 0;
  let rate = Math.max(1, guess * 0.7);
  for (let tries = 0; tries < 6; tries += 1) {
    const seen = await once(lan, rate, who);
    if (seen.lost <= mostLost) {
      best = Math.max(best, seen.perSecond);
      rate *= step;
      // It can't send faster itself.
      if (seen.perSecond < rate / step / 1.3) break;
    } else if (best > 0) {
      break;
    } else {
      rate /= 1.6;
    }
  }
  return best;
}
