import { parseIpv4 } from '../base/ipv4.ts';
import { closeSession } from './commands/app/close-session.ts';
import { setSessionPrivilege } from './commands/app/set-session-privilege.ts';
import { type Execute, readReply } from './execute.ts';
import { type Line, openLine } from './line.ts';
import { loginOf } from './session/login.ts';
import { defaultTiming, type IpmiTiming } from './session/timing.ts';
import { completionFailure } from './status-text.ts';
import { type BmcClient, type BmcTarget, IpmiError, type IpmiDeps } from './types.ts';
import { clientVerbs } from './verbs.ts';

/** "Cannot execute duplicated request": the BMC knew a repetition again but kept no answer. IPMI 2.0 §5.2, table 5-2 */
const duplicated = 0xcf;

/**
 * Logs in to a BMC with cipher suite 3 and raises the session to the wished privilege. Takes at most the deadline; what the BMC holds for a
 * login that failed is freed. Rejects with IpmiError, whose text never holds the password.
 */
export async function connectBmc(
  target: BmcTarget,
  deps: IpmiDeps,
  timing: Partial<IpmiTiming> = {},
): Promise<BmcClient> {
  const full = { ...defaultTiming, ...timing };
  const started = deps.clock.now();
  const login = loginOf(target, full);
  const line = await openLine(peerOf(target), login, deps);
  try {
    await line.login();
  } catch (error) {
    await line.shut();
    throw error;
  }
  const { execute, exclusively, close } = sessionClient(line, full, deps);
  try {
    const withinMs = Math.max(full.closeMs, full.deadlineMs - (deps.clock.now() - started));
    const level = await execute(setSessionPrivilege, login.privilege, { withinMs });
    if (level < login.privilege)
      throw new IpmiError('privilege', `the BMC gave privilege level ${level} instead of ${login.privilege}`);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...clientVerbs(exclusively, full.powerTryMs), close };
}

function peerOf(target: BmcTarget): { address: string; port: number } {
  const address = parseIpv4(target.address);
  if (address === undefined) throw new IpmiError('bad-target', `"${target.address}" is no IPv4 address`);
  if (!Number.isInteger(target.port) || target.port < 1 || target.port > 65_535)
    throw new IpmiError('bad-target', `${target.port} is no UDP port (1-65535)`);
  return { address, port: target.port };
}

/** Queue and end of one open session. */
function sessionClient(line: Line, timing: IpmiTiming, deps: IpmiDeps) {
  let lost = false;
  let closing: Promise<void> | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  function checkOpen(): void {
    if (closing !== undefined) throw new IpmiError('closed', 'the session is closed');
    if (lost) throw new IpmiError('closed', 'the session was lost; log in again');
  }

  const execute: Execute = async (command, request, options = {}) => {
    const once = options.once === true;
    const attempt = () => {
      checkOpen();
      return line.run({
        name: command.name,
        netFn: command.netFn,
        cmd: command.cmd,
        data: command.encodeRequest(request),
        retryMs: once ? [] : timing.retryMs,
        deadlineMs: options.withinMs ?? timing.deadlineMs,
      });
    };
    try {
      const first = await attempt();
      const answer = first.completionCode === duplicated && !once ? await attempt() : first;
      if (answer.completionCode !== 0) throw completionFailure(command.name, answer.completionCode);
      return readReply(command.name, command.decodeReply, answer.data);
    } catch (error) {
      if (!once && error instanceof IpmiError && isSilence(error)) lost = true;
      throw error;
    }
  };

  function exclusively<T>(work: (execute: Execute) => Promise<T>): Promise<T> {
    const outcome = queue.then(() => {
      checkOpen();
      return work(execute);
    });
    queue = outcome.catch(() => undefined);
    return outcome;
  }

  async function end(): Promise<void> {
    line.giveUp(new IpmiError('closed', 'the session was closed before the BMC answered'));
    const session = line.session();
    if (session) {
      const { name, netFn, cmd, encodeRequest } = closeSession;
      const data = encodeRequest(session.secrets.bmcSessionId);
      const patience = lost
        ? { retryMs: [], deadlineMs: 0 }
        : { retryMs: [timing.closeMs / 4], deadlineMs: timing.closeMs };
      await line.run({ name, netFn, cmd, data, ...patience }).catch(() => undefined);
      const dropped = line.session()?.drops;
      if (dropped?.['bad-integrity']) deps.log?.warn({ dropped }, 'dropped forged packets in a BMC session');
    }
    await line.shut();
  }

  return { execute, exclusively, close: () => (closing ??= end()) };
}

function isSilence(error: IpmiError): boolean {
  return error.code === 'no-answer' || error.code === 'bmc-not-genuine' || error.code === 'unreachable';
}
