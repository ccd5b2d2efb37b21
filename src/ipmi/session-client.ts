import { type Clock, delay } from '../base/clock.ts';
import { closeSession } from './commands/app/close-session.ts';
import { getDeviceId } from './commands/app/get-device-id.ts';
import { type Execute, readReply } from './execute.ts';
import type { Answer, Line } from './line.ts';
import type { BmcLink } from './link.ts';
import { keepAliveDue } from './session/keep-alive.ts';
import type { SessionCommand } from './session/session.ts';
import type { IpmiTiming } from './session/timing.ts';
import { completionFailure } from './status-text.ts';
import { IpmiError, type IpmiDeps } from './types.ts';

/** "Cannot execute duplicated request": the BMC knew a repetition again but kept no answer. IPMI 2.0 §5.2, table 5-2 */
const duplicated = 0xcf;

/** "Node busy": the BMC did not begin. IPMI 2.0 §5.2, table 5-2 */
const nodeBusy = 0xc0;
const busyPauseMs = 100;

/** Repeats what a busy BMC did not begin, `withinMs` at most; other failures pass. */
export async function whileBusy<T>(clock: Clock, withinMs: number, work: () => Promise<T>): Promise<T> {
  const until = clock.now() + withinMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isBusy = error instanceof IpmiError && error.data['completionCode'] === nodeBusy;
      if (!isBusy || clock.now() + busyPauseMs >= until) throw error;
    }
    await delay(clock, busyPauseMs);
  }
}

/** Queue, keep-alive and end of one open session. */
export interface SessionClient extends Pick<BmcLink, 'run' | 'exclusively' | 'onEnd'> {
  readonly keepAlive: () => void;
  readonly close: () => Promise<void>;
  readonly checkOpen: () => void;
}

/** Takes over a line that is logged in. */
export function sessionClient(line: Line, timing: IpmiTiming, deps: IpmiDeps): SessionClient {
  const { clock } = deps;
  const endHandlers = new Set<(error: IpmiError) => void>();
  let ended: IpmiError | undefined;
  let closing: Promise<void> | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let heardAt = clock.now();
  let cancelKeepAlive = (): void => {};

  function checkOpen(): void {
    if (closing !== undefined) throw new IpmiError('closed', 'the session is closed');
    if (ended) throw new IpmiError('closed', 'the session was lost; log in again');
  }

  function endWith(error: IpmiError): void {
    if (ended) return;
    ended = error;
    cancelKeepAlive();
    for (const handler of endHandlers) handler(error);
  }

  async function send(command: SessionCommand): Promise<Answer> {
    checkOpen();
    const answer = await line.run(command);
    heardAt = clock.now();
    return answer;
  }

  const execute: Execute = async (command, request, options = {}) => {
    const { once = false, withinMs = timing.deadlineMs, lun = 0 } = options;
    const { name, netFn, cmd } = command;
    const data = command.encodeRequest(request);
    const retryMs = once ? [] : timing.retryMs;
    const attempt = () => send({ name, netFn, lun, cmd, data, retryMs, deadlineMs: withinMs });
    try {
      const first = await attempt();
      const answer = first.completionCode === duplicated && !once ? await attempt() : first;
      if (answer.completionCode !== 0) throw completionFailure(name, answer.completionCode);
      return readReply(name, command.decodeReply, answer.data);
    } catch (error) {
      if (!once && error instanceof IpmiError && isSilence(error)) endWith(error);
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

  function keepAlive(): void {
    cancelKeepAlive = clock.after(keepAliveDue(heardAt, clock.now()), () => {
      if (ended || closing) return;
      if (keepAliveDue(heardAt, clock.now()) > 0) return keepAlive();
      exclusively((run) => run(getDeviceId, undefined)).then(keepAlive, (error: unknown) => {
        deps.log?.warn({ err: error }, 'could not keep a BMC session alive');
        heardAt = clock.now();
        if (!ended && !closing) keepAlive();
      });
    });
  }

  async function end(): Promise<void> {
    const isLost = ended !== undefined;
    const error = new IpmiError('closed', 'the session was closed before the BMC answered');
    endWith(error);
    line.giveUp(error);
    const session = line.session();
    if (session) {
      const { name, netFn, cmd, encodeRequest } = closeSession;
      const data = encodeRequest(session.envelope.bmcSessionId);
      const patience = isLost
        ? { retryMs: [], deadlineMs: 0 }
        : { retryMs: [timing.closeMs / 4], deadlineMs: timing.closeMs };
      const until = clock.now() + patience.deadlineMs;
      const ask = (): Promise<Answer | undefined> =>
        line.run({ name, netFn, cmd, data, ...patience }).catch(() => undefined);
      for (
        let answer = await ask();
        answer?.completionCode === nodeBusy && clock.now() < until;
        answer = await ask()
      )
        await delay(clock, busyPauseMs);
      const dropped = line.session()?.drops;
      if (dropped?.['bad-integrity']) deps.log?.warn({ dropped }, 'dropped forged packets in a BMC session');
    }
    await line.shut();
  }

  return {
    run: (command, request, options) => exclusively((run) => run(command, request, options)),
    exclusively,
    keepAlive,
    checkOpen,
    onEnd(handler) {
      endHandlers.add(handler);
      return () => void endHandlers.delete(handler);
    },
    // Set before `end` calls the handlers: one of them may close the session too.
    close: () => (closing ??= Promise.resolve().then(end)),
  };
}

function isSilence(error: IpmiError): boolean {
  return error.code === 'no-answer' || error.code === 'bmc-not-genuine' || error.code === 'unreachable';
}
