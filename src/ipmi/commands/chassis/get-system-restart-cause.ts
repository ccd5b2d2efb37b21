import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** Why the machine started last. IPMI 2.0 §28.11, table 28-11 */
export interface GetSystemRestartCauseReply {
  /** 4 bits; see `restartCauseText`. */
  readonly cause: number;
  /** Channel that the command came in on, where a command was the cause. */
  readonly channel: number;
}

/** Get System Restart Cause. IPMI 2.0 §28.11 */
export const getSystemRestartCause: Command<undefined, GetSystemRestartCauseReply> = {
  name: 'Get System Restart Cause',
  netFn: netFn.chassis,
  cmd: 0x07,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,
  encodeReply: (reply) =>
    new ByteWriter(2)
      .u8(reply.cause & 0x0f)
      .u8(reply.channel)
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return {
      cause: r.u8('restartCause.cause') & 0x0f,
      // Left out by some boards.
      channel: r.remaining > 0 ? r.u8('restartCause.channel') : 0,
    };
  },
};

const causes = [
  'unknown',
  'a chassis control command',
  'reset by the reset button',
  'power-up by the power button',
  'the watchdog timer ran out',
  "a cause of the board's own",
  'automatic power-up after power came back (policy: always on)',
  'automatic power-up after power came back (policy: as before)',
  'reset by a platform event filter',
  'power cycle by a platform event filter',
  'soft reset, such as Ctrl-Alt-Del',
  'power-up by the real-time clock',
] as const;

/** A restart cause in words. IPMI 2.0 §28.11, table 28-11 */
export const restartCauseText = (cause: number): string =>
  causes[cause] ?? `cause ${cause}, not in the standard`;
