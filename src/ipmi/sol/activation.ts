import { activatePayload, deactivatePayload, solAuxiliary } from '../commands/app/activate-payload.ts';
import { getPayloadActivationStatus } from '../commands/app/get-payload-activation-status.ts';
import { getSolConfiguration } from '../commands/transport/configuration.ts';
import { decodeSolRetry, solParameter } from '../commands/transport/sol-parameters.ts';
import type { Execute } from '../execute.ts';
import { IpmiError } from '../types.ts';
import type { SolPace } from './sender.ts';

/** Payload type of serial over LAN. IPMI 2.0 §13.27.3, table 13-16 */
const type = 1;
/** The first instance; boards have one console. */
const instance = 1;
/** The channel that a command came through. IPMI 2.0 §6.3 */
const presentChannel = 0x0e;
const headerBytes = 4;

/** Until the BMC has told otherwise, and where it does not tell: eight tries half a second apart. */
export const defaultPace: SolPace = { chunk: 60, retries: 7, retryMs: 500 };

/** Not so fast that an answer of a distant BMC counts as lost. */
const leastRetryMs = 100;

/** Completion codes of Activate Payload in words. IPMI 2.0 §24.1 */
const refusals: ReadonlyMap<number, string> = new Map([
  [0x80, 'the console is in use by another session; ask for it to be taken over, or close it there'],
  [0x81, 'serial over LAN is switched off on the BMC or for this user; enable it in the settings of the BMC'],
  [0x82, 'the BMC has no free console; close one in another program'],
  [0x83, 'the BMC does not send the console encrypted; use a cipher suite with encryption, as 17 or 3'],
  [0x84, 'the BMC sends the console only unencrypted; enable encryption in its serial-over-LAN settings'],
]);
const alreadyActive = 0x80;

const completionCodeOf = (error: unknown): unknown =>
  error instanceof IpmiError ? error.data['completionCode'] : undefined;

/** True when another session has the console. */
export const isInUse = (error: unknown): boolean =>
  error instanceof IpmiError && error.data['consoleInUse'] === true;

function refusal(error: unknown): unknown {
  const completionCode = completionCodeOf(error);
  const text = typeof completionCode === 'number' ? refusals.get(completionCode) : undefined;
  if (text === undefined) return error;
  const consoleInUse = completionCode === alreadyActive;
  const data = { completionCode, consoleInUse };
  return new IpmiError(consoleInUse ? 'busy' : 'command-failed', text, { data, cause: error });
}

/** For one try; it is not repeated blindly, as a BMC that carried it out calls the repetition "already active". */
const activateMs = 4000;
const activateTries = 4;

/**
 * Activates serial over LAN, encrypted and authenticated; with `takeOver` the console of another session is ended first. Rejects with
 * IpmiError, `busy` with `data.consoleInUse` when another session has it. IPMI 2.0 §15.3, §24.1
 */
export async function activateSol(execute: Execute, takeOver: boolean): Promise<SolPace> {
  const retry = await readRetry(execute);
  const wasFree = (await isSolActive(execute)) === false;
  const wish = { encrypted: true, authenticated: true, alerts: 0, holdHandshake: false } as const;
  const request = { type, instance, auxiliary: solAuxiliary(wish) };
  let unanswered = false;
  let mayEnd = takeOver;
  for (let tries = 1; ; tries++) {
    try {
      const reply = await execute(activatePayload, request, { once: true, withinMs: activateMs });
      return { ...retry, chunk: chunkOf(reply.inboundBytes) };
    } catch (error) {
      const isLast = tries >= activateTries;
      if (completionCodeOf(error) === alreadyActive) {
        // It was free before: the one who has it is our own try, whose answer was lost.
        const isOurs = wasFree && unanswered;
        if (isLast || !(isOurs || mayEnd)) throw refusal(error);
        if (!isOurs) mayEnd = false;
        unanswered = false;
        await deactivateSol(execute);
      } else if (error instanceof IpmiError && error.code === 'no-answer' && !isLast) {
        unanswered = true;
      } else {
        throw refusal(error);
      }
    }
  }
}

/** Deactivates serial over LAN; that it is not active is no failure. IPMI 2.0 §24.2 */
export async function deactivateSol(execute: Execute, withinMs?: number): Promise<void> {
  const options = withinMs === undefined ? {} : { withinMs };
  const request = { type, instance, auxiliary: new Uint8Array(4) };
  await execute(deactivatePayload, request, options).catch((error: unknown) => {
    if (completionCodeOf(error) !== alreadyActive) throw error;
  });
}

/** Whether any session has the console; undefined when the BMC does not tell. IPMI 2.0 §24.4 */
export async function isSolActive(execute: Execute): Promise<boolean | undefined> {
  try {
    const { active } = await execute(getPayloadActivationStatus, type);
    return (active & (1 << (instance - 1))) !== 0;
  } catch (error) {
    if (completionCodeOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** How the BMC repeats its own packets is how it expects ours. IPMI 2.0 §26.3, parameter 4 */
async function readRetry(execute: Execute): Promise<Omit<SolPace, 'chunk'>> {
  const which = { channel: presentChannel, revisionOnly: false, setSelector: 0, blockSelector: 0 };
  try {
    const { value } = await execute(getSolConfiguration, { ...which, parameter: solParameter.retry });
    const { count, intervalSteps } = decodeSolRetry(value);
    const told = intervalSteps * 10;
    return { retries: count, retryMs: told === 0 ? defaultPace.retryMs : Math.max(leastRetryMs, told) };
  } catch {
    // Refused or malformed; when the session is lost, the activation that follows says so.
    return { retries: defaultPace.retries, retryMs: defaultPace.retryMs };
  }
}

/**
 * Characters in a packet to the BMC. The size counts the four header bytes, and the accepted count has one byte, so that a right one is from 5
 * to 259; some boards send it with its bytes in the wrong order, and some send nonsense.
 */
function chunkOf(inboundBytes: number): number {
  const swapped = ((inboundBytes & 0xff) << 8) | (inboundBytes >> 8);
  const size = [inboundBytes, swapped].find((one) => one > headerBytes && one <= 255 + headerBytes);
  return size === undefined ? defaultPace.chunk : size - headerBytes;
}
