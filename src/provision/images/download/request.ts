import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import type { Clock } from '../../../base/clock.ts';
import { readBody } from './body.ts';
import { leadsInside } from './inside.ts';
import { type Answer, judgeAnswer, type Verdict, type Version } from './answer.ts';

/** An answer that was not read yet; `drop` ends the connection. */
export interface OpenAnswer {
  readonly verdict: Exclude<Verdict, { kind: 'redirect' }>;
  readonly body: AsyncIterable<Uint8Array>;
  drop(): void;
}

export interface RequestDeps {
  readonly clock: Clock;
  /** Longest silence of the server, ms: before the answer, and between two pieces of it. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

const maxRedirects = 5;

/**
 * Asks for a file from byte `have` on and judges the answer; follows redirections, but only to http and https, and never from https to
 * http, nor from elsewhere to this machine itself: a mirror must not steer our requests. Rejects with an Error for what the network does.
 */
export async function requestFile(
  url: string,
  have: number,
  known: Version | undefined,
  deps: RequestDeps,
): Promise<OpenAnswer> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'rackwright' };
  if (have > 0 && known?.validator !== undefined)
    Object.assign(headers, { range: `bytes=${have}-`, 'if-range': known.validator });
  let at = new URL(url);
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const response = await ask(at, headers, deps);
    const answer: Answer = { status: response.statusCode ?? 0, headers: response.headers };
    const verdict = judgeAnswer(answer, have, known);
    const drop = (): void => void response.destroy();
    if (verdict.kind !== 'redirect')
      return { verdict, body: readBody(response, deps.clock, deps.silenceMs), drop };
    drop();
    const next = redirectTarget(at, verdict.location);
    if (typeof next === 'string') return refused(next);
    if ((await leadsInside(next)) && !(await leadsInside(at)))
      return refused(
        'the server redirects to an address of this machine itself; give that URL if it is meant',
      );
    at = next;
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

function ask(url: URL, headers: Record<string, string>, deps: RequestDeps): Promise<IncomingMessage> {
  const { clock, silenceMs, signal } = deps;
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? httpsGet : httpGet;
    // A connection of its own: one that is kept may be closed by the server just when it is used again.
    const request = get(url, { headers, agent: false, signal });
    const stop = clock.after(silenceMs, () =>
      request.destroy(new Error(`no answer in ${silenceMs / 1000} s`)),
    );
    request.once('response', (response) => {
      stop();
      resolve(response);
    });
    request.on('error', (error) => {
      stop();
      reject(error);
    });
  });
}
