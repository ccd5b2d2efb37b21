import type { Command } from './command.ts';

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
const copy = (data: Uint8Array): Uint8Array => new Uint8Array(data);

/** Any command by its numbers: request and reply are bytes as on the wire, without completion code. IPMI 2.0 §5.1 */
export function rawCommand(netFn: number, cmd: number): Command<Uint8Array, Uint8Array> {
  return {
    name: `Raw ${hex(netFn)} ${hex(cmd)}`,
    netFn,
    cmd,
    encodeRequest: copy,
    decodeRequest: copy,
    encodeReply: copy,
    decodeReply: copy,
  };
}
