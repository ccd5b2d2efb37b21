import { WireError } from '../../../src/base/bytes.ts';
import type { Command } from '../../../src/ipmi/commands/command.ts';
import { privilegeLevel } from '../../../src/ipmi/commands/privilege.ts';
import type { BmcSession, Turn } from '../state.ts';

/** Completion codes in use. IPMI 2.0 §5.2, table 5-2 */
export const completion = {
  ok: 0x00,
  busy: 0xc0,
  invalidCommand: 0xc1,
  outOfSpace: 0xc4,
  reservationCancelled: 0xc5,
  wrongLength: 0xc7,
  outOfRange: 0xc9,
  tooManyBytes: 0xca,
  notPresent: 0xcb,
  invalidField: 0xcc,
  insufficientPrivilege: 0xd4,
  notNow: 0xd5,
} as const;

/** A command is not carried out; its answer is a completion code alone. */
export class Refusal {
  readonly completionCode: number;

  constructor(completionCode: number) {
    this.completionCode = completionCode;
  }
}

export const refuse = (completionCode: number): Refusal => new Refusal(completionCode);

/** A command of the BMC: its numbers, who may give it, and what it does. `run` gets no session for a request outside of one. */
export interface CommandRow {
  readonly netFn: number;
  readonly cmd: number;
  readonly privilege: number;
  readonly outsideSession: boolean;
  /** Bytes of the reply behind the completion code, or a completion code. */
  readonly run: (turn: Turn, data: Uint8Array, session: BmcSession | undefined) => Uint8Array | Refusal;
}

type Run<Request, Reply> = (turn: Turn, request: Request, session: BmcSession | undefined) => Reply | Refusal;

/** A row over the codec that the client has too. */
export function row<Request, Reply>(
  command: Pick<Command<Request, Reply>, 'netFn' | 'cmd' | 'decodeRequest' | 'encodeReply'>,
  level: keyof typeof privilegeLevel | 'anyone',
  run: Run<Request, Reply>,
): CommandRow {
  const { netFn, cmd, decodeRequest, encodeReply } = command;
  return {
    netFn,
    cmd,
    privilege: level === 'anyone' ? 0 : privilegeLevel[level],
    outsideSession: level === 'anyone',
    run(turn, data, session) {
      const request = decoded(() => decodeRequest(data));
      if (request instanceof Refusal) return request;
      const reply = run(turn, request, session);
      return reply instanceof Refusal ? reply : encodeReply(reply);
    },
  };
}

/** A row whose bytes are read and written by `run` itself: for commands that no client of ours gives. */
export function bytesRow(
  netFn: number,
  cmd: number,
  level: keyof typeof privilegeLevel | 'anyone',
  run: Run<Uint8Array, Uint8Array>,
): CommandRow {
  const same = (data: Uint8Array): Uint8Array => data;
  const plain = row({ netFn, cmd, decodeRequest: same, encodeReply: same }, level, run);
  return {
    ...plain,
    run: (turn, data, session) => decoded(() => plain.run(turn, data, session)),
  };
}

function decoded<T>(work: () => T): T | Refusal {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return refuse(error.code === 'bad-value' ? completion.invalidField : completion.wrongLength);
  }
}

export const noData = new Uint8Array();
