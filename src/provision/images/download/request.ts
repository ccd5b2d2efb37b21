import type { Clock } from '../../../base/clock.ts';
import { type Answer, judgeAnswer, type Verdict, type Version } from './answer.ts';
import { readBody } from './body.ts';
import { askHop, findHop, type Hop, type Roads } from './hop.ts';
import { inTime } from './in-time.ts';

/** An answer that was not read yet; `drop` ends the connection. */
export interface OpenAnswer {
  readonly verdict: Exclude<Verdict, { kind: 'redirect' }>;
  readonly body: AsyncIterable<Uint8Array>;
  drop(): void;
}

export interface RequestDeps {
  readonly roads: Roads;
  readonly clock: Clock;
  /** Longest silence of the server, ms: before the answer, and between two pieces of it. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

const maxRedirects = 5;

/**
 * Asks for a file from byte `have` on and judges the answer; follows redirections, but only to http and https, and never from https to
 * http, nor from elsewhere to this machine itself: a mirror must not steer our requests. Rejects with DownloadFailure when the proxy does
 * not want us, else with an Error for what the network does. No text has a part of a URL.
 */
export async function requestFile(
  url: string,
  have: number,
  known: Version | undefined,
  { roads, clock, silenceMs, signal }: RequestDeps,
): Promise<OpenAnswer> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'rackwright' };
  if (have > 0 && known?.validator !== undefined)
    Object.assign(headers, { range: `bytes=${have}-`, 'if-range': known.validator });
  const patience = { clock, ms: silenceMs, signal, late: `no answer in ${silenceMs / 1000} s` };
  const find = (to: URL, isGiven: boolean): Promise<Hop> =>
    inTime(patience, () => findHop(to, isGiven, roads));

  let hop = await find(new URL(url), true);
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const at = hop;
    const response = await inTime(patience, (ended) => askHop(at, headers, ended));
    const answer: Answer = { status: response.statusCode ?? 0, headers: response.headers };
    const verdict = judgeAnswer(answer, have, known);
    const drop = (): void => void response.destroy();
    if (verdict.kind !== 'redirect') return { verdict, body: readBody(response, clock, silenceMs), drop };
    drop();
    const next = redirectTarget(at.url, verdict.location);
    if (typeof next === 'string') return refused(next);
    hop = await find(next, false);
    if (hop.isInside && !at.isInside)
      return refused(
        'the server redirects to an address of this machine itself; give that URL if it is meant',
      );
  }
  return refused(`the server redirects more than ${maxRedirects} times`);
}

/** Where a redirection leads, or why it is not followed. */
function redirectTarget(from: URL, location: string): URL | string {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to === undefined || (to.protocol !== 'http:' && to.protocol !== 'https:'))
    return 'the server redirects to something that is neither http nor https';
  if (from.protocol === 'https:' && to.protocol === 'http:')
    return 'the server redirects from https to http; give the http URL if that is meant';
  if (to.username !== '' || to.password !== '')
    return 'the server redirects to a URL with a user or a password';
  return to;
}

function refused(reason: string): OpenAnswer {
  return { verdict: { kind: 'fail', reason }, body: (async function* () {})(), drop: () => undefined };
}
