import { fromHex } from '../../../src/base/bytes.ts';
import type { Command } from '../../../src/ipmi/commands/command.ts';
import { readFruData } from '../../../src/ipmi/commands/storage/read-fru-data.ts';
import { getSdr } from '../../../src/ipmi/commands/storage/get-sdr.ts';
import type { Execute } from '../../../src/ipmi/execute.ts';
import { completionFailure } from '../../../src/ipmi/status-text.ts';
import { type Exchange, golden } from './golden.ts';

/** A board as bytes: the answer to a command, or a completion code. */
export type Board = (netFn: number, cmd: number, data: Uint8Array, lun: number) => Uint8Array | number;

/** A way to run commands on a board, with what a session does about completion codes and nothing else. */
export function executeOn(board: Board): Execute {
  return async <Request, Reply>(
    command: Command<Request, Reply>,
    request: Request,
    { lun = 0 }: { lun?: number } = {},
  ) => {
    const answer = board(command.netFn, command.cmd, command.encodeRequest(request), lun);
    if (typeof answer === 'number') throw completionFailure(command.name, answer);
    return command.decodeReply(answer);
  };
}

interface Memory {
  readonly bytes: Map<number, number>;
  nextId: number;
}

const cut = (memory: Memory | undefined, offset: number, count: number): Uint8Array => {
  const found: number[] = [];
  for (let at = offset; at < offset + count; at++) {
    const byte = memory?.bytes.get(at);
    if (byte === undefined) break;
    found.push(byte);
  }
  return Uint8Array.from(found);
};

/** The board of a capture: records and FRU data can be read in other pieces than ipmitool read them in. */
export function boardOf(...names: readonly string[]): Board {
  const exchanges = names.flatMap((name) => golden(name).exchanges);
  const exact = new Map<string, Exchange>();
  const records = new Map<number, Memory>();
  const frus = new Map<number, Memory>();
  const memoryOf = (memories: Map<number, Memory>, id: number): Memory => {
    const memory = memories.get(id) ?? { bytes: new Map<number, number>(), nextId: 0xffff };
    memories.set(id, memory);
    return memory;
  };
  for (const one of exchanges) {
    exact.set(`${one.netFn} ${one.cmd} ${one.request}`, one);
    if (one.completionCode !== 0) continue;
    const isOf = ({ netFn, cmd }: { netFn: number; cmd: number }): boolean =>
      one.netFn === netFn && one.cmd === cmd;
    if (isOf(getSdr)) {
      const { recordId, offset } = getSdr.decodeRequest(fromHex(one.request));
      const { nextId, data } = getSdr.decodeReply(fromHex(one.reply));
      for (const id of new Set([
        recordId,
        ...(offset === 0 ? [(data[0] ?? 0) | ((data[1] ?? 0) << 8)] : []),
      ])) {
        const memory = memoryOf(records, id);
        memory.nextId = nextId;
        for (const [at, byte] of data.entries()) memory.bytes.set(offset + at, byte);
      }
    }
    if (isOf(readFruData)) {
      const { fruId, offset } = readFruData.decodeRequest(fromHex(one.request));
      const { data } = readFruData.decodeReply(fromHex(one.reply));
      for (const [at, byte] of data.entries()) memoryOf(frus, fruId).bytes.set(offset + at, byte);
    }
  }
  return (netFn, cmd, data) => {
    if (netFn === getSdr.netFn && cmd === getSdr.cmd) {
      const { recordId, offset, count } = getSdr.decodeRequest(data);
      const memory = records.get(recordId);
      const found = cut(memory, offset, count);
      if (found.length < count) return 0xca;
      return getSdr.encodeReply({ nextId: memory?.nextId ?? 0xffff, data: found });
    }
    if (netFn === readFruData.netFn && cmd === readFruData.cmd) {
      const { fruId, offset, count } = readFruData.decodeRequest(data);
      const found = cut(frus.get(fruId), offset, count);
      return found.length < count ? 0xc9 : readFruData.encodeReply({ count, data: found });
    }
    const hex = Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const found = exact.get(`${netFn} ${cmd} ${hex}`);
    if (found === undefined) return 0xc1;
    return found.completionCode === 0 ? fromHex(found.reply) : found.completionCode;
  };
}
