import { messageOf } from '../../base/errors.ts';
import type { BmcSession } from '../link.ts';
import type { Connect } from '../pool/bmc-slot.ts';
import type { LoginFacts } from '../session/facts.ts';
import { type BmcTarget, IpmiError } from '../types.ts';

/** An open session by the best suite, and the suites by which a login worked. */
export interface SuiteProbe {
  readonly session: BmcSession;
  readonly working: readonly number[];
}

/**
 * Logs in by suite 3, which nearly every board has right, then by 17, and keeps the best session. A suite that the target pins is the only
 * one. Rejects with the IpmiError of the first login that fails otherwise than by its suite: a wrong password is tried once.
 */
export async function openBySuites(
  connect: Connect,
  target: BmcTarget,
  facts: LoginFacts | undefined,
  notes: string[],
): Promise<SuiteProbe> {
  if (target.protocol === '1.5' || target.cipherSuite !== undefined) {
    const session = await connect(target);
    const { cipherSuite } = session.facts;
    return { session, working: cipherSuite === undefined ? [] : [cipherSuite] };
  }
  const working: number[] = [];
  let best: BmcSession | undefined;
  let refusal: IpmiError | undefined;
  for (const cipherSuite of [3, 17]) {
    try {
      const session = await connect({ ...target, cipherSuite });
      working.push(cipherSuite);
      await best?.close();
      best = session;
    } catch (error) {
      if (!(error instanceof IpmiError)) {
        await best?.close();
        throw error;
      }
      if (!best && error.code !== 'suite-refused') throw error;
      refusal = error;
      const isListed = facts?.cipherSuites?.includes(cipherSuite) === true;
      if (isListed || error.code !== 'suite-refused')
        notes.push(`cipher suite ${cipherSuite} does not work: ${messageOf(error)}`);
      // The same password was right a moment ago: a good login makes the BMC forget the failed one.
      if (error.code === 'auth-failed')
        await connect({ ...target, cipherSuite: 3 }).then(
          (session) => session.close(),
          (again: unknown) => void notes.push(`a login after that failed too: ${messageOf(again)}`),
        );
    }
  }
  if (!best) throw refusal ?? new IpmiError('suite-refused', 'the BMC takes neither cipher suite 3 nor 17');
  return { session: best, working };
}
