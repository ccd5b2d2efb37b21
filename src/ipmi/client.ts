import { setSessionPrivilege } from './commands/app/set-session-privilege.ts';
import { openLine } from './line.ts';
import type { BmcSession, SolPort } from './link.ts';
import { peerOf } from './peer.ts';
import { sessionClient, whileBusy } from './session-client.ts';
import { findingsOf } from './session/facts.ts';
import { loginOf } from './session/login.ts';
import { defaultTiming, type IpmiTiming } from './session/timing.ts';
import { type BmcTarget, IpmiError, type IpmiDeps } from './types.ts';
import { clientVerbs } from './verbs.ts';
import { payloadType } from './wire/session-packet.ts';

/**
 * Logs in to a BMC and raises the session to the wished privilege. Takes at most the deadline; what the BMC holds for a login that failed
 * is freed. Rejects with IpmiError, whose text never holds password or K_G.
 */
export async function connectBmc(
  target: BmcTarget,
  deps: IpmiDeps,
  timing: Partial<IpmiTiming> = {},
): Promise<BmcSession> {
  const full = { ...defaultTiming, ...timing };
  const started = deps.clock.now();
  const login = loginOf(target, full);
  const solHandlers = new Set<(payload: Uint8Array) => void>();
  const line = await openLine(peerOf(target), login, deps, (payload) => {
    for (const handler of solHandlers) handler(payload);
  });
  const opened = await line.login().catch(async (error: unknown) => {
    await line.shut();
    throw error;
  });
  const client = sessionClient(line, full, deps);
  try {
    const withinMs = Math.max(full.closeMs, full.deadlineMs - (deps.clock.now() - started));
    const level = await whileBusy(deps.clock, withinMs, () =>
      client.run(setSessionPrivilege, login.privilege, { withinMs }),
    );
    if (level < login.privilege)
      throw new IpmiError('privilege', `the BMC gave privilege level ${level} instead of ${login.privilege}`);
  } catch (error) {
    await client.close();
    throw error;
  }
  const findings = opened.facts ? findingsOf(opened.facts) : [];
  if (findings.length > 0) deps.log?.warn({ address: target.address, findings }, 'a BMC is open to others');
  if (target.keepAlive === true) client.keepAlive();

  const { run, exclusively, onEnd, close } = client;
  const solPort = (): SolPort => {
    if (!opened.envelope.carriesPayloads)
      throw new IpmiError('bad-target', 'serial over LAN needs IPMI 2.0; this BMC is set to protocol 1.5');
    return {
      send(payload) {
        client.checkOpen();
        line.send(payloadType.sol, payload);
      },
      onPayload(handler) {
        solHandlers.add(handler);
        return () => void solHandlers.delete(handler);
      },
    };
  };
  const { protocol, privilege } = login;
  const facts = { protocol, privilege, cipherSuite: opened.suite?.id, ...opened.facts };
  return { facts, run, exclusively, onEnd, solPort, close, ...clientVerbs(exclusively, full.powerTryMs) };
}
