import { ByteReader, WireError } from '../../base/bytes.ts';
import { getFruInventoryAreaInfo } from '../commands/storage/get-fru-inventory-area-info.ts';
import { readFruData } from '../commands/storage/read-fru-data.ts';
import type { Execute } from '../execute.ts';
import { limitCommands } from '../sdr/limit-commands.ts';
import { newPieceSize, type ReadPiece, readPieces } from '../sdr/read-pieces.ts';
import {
  type BoardArea,
  type ChassisArea,
  decodeBoardArea,
  decodeChassisArea,
  decodeProductArea,
  type ProductArea,
} from './area.ts';
import { decodeFruHeader, fruBlockBytes, isZeroSum } from './header.ts';

/** Inventory of a FRU. Areas that it does not have are undefined. */
export interface FruInventory {
  readonly chassis: ChassisArea | undefined;
  readonly board: BoardArea | undefined;
  readonly product: ProductArea | undefined;
  /** It has further records (power supply data and others), which are not read. */
  readonly hasMultiRecords: boolean;
  /** What is wrong with the data, in words: wrong checksums, areas beyond the end. */
  readonly problems: readonly string[];
}

/** The FRU of the machine itself. IPMI 2.0 §34 */
const machineFru = 0;

/** Three areas of up to 2,040 bytes, eight at once. */
const maxCommands = 1024;

/** Reads in bytes, also where the board counts in words. */
function pieceReader(execute: Execute, fruId: number, byWords: boolean): ReadPiece {
  if (!byWords)
    return async (offset, count) => {
      const reply = await execute(readFruData, { fruId, offset, count });
      return reply.data.subarray(0, reply.count);
    };
  return async (offset, count) => {
    const odd = offset & 1;
    const words = Math.ceil((odd + count) / 2);
    const reply = await execute(readFruData, { fruId, offset: offset >> 1, count: words });
    return reply.data.subarray(odd, reply.count * 2);
  };
}

/**
 * Reads chassis, board and product data of a FRU (0: the machine). Wrong checksums and areas are problems, not errors; the number of reads is
 * bounded. Rejects with IpmiError, also when the BMC has no such FRU. IPMI 2.0 §34, FRU Information Storage Definition 1.0
 */
export async function readFru(unlimited: Execute, fruId: number = machineFru): Promise<FruInventory> {
  const execute = limitCommands(unlimited, maxCommands, 'the FRU inventory');
  const { bytes: total, byWords } = await execute(getFruInventoryAreaInfo, fruId);
  const read = pieceReader(execute, fruId, byWords);
  const pieceSize = newPieceSize();
  const problems: string[] = [];
  const none = { chassis: undefined, board: undefined, product: undefined, hasMultiRecords: false, problems };
  if (total < fruBlockBytes) return none;

  const head = await readPieces(read, 0, fruBlockBytes, pieceSize);
  const header = tolerate('header', () => decodeFruHeader(head));
  if (header === undefined) return none;
  if (!header.checksumOk) problems.push('the checksum of the FRU header is wrong');
  return {
    chassis: await area('chassis', header.chassis, decodeChassisArea),
    board: await area('board', header.board, decodeBoardArea),
    product: await area('product', header.product, decodeProductArea),
    hasMultiRecords: header.multiRecord !== undefined,
    problems,
  };

  function tolerate<T>(what: string, decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      problems.push(`the FRU ${what} is malformed (${error.message})`);
      return undefined;
    }
  }

  async function area<T>(
    what: string,
    start: number | undefined,
    decode: (bytes: Uint8Array) => T,
  ): Promise<T | undefined> {
    if (start === undefined) return undefined;
    if (start + fruBlockBytes > total) {
      problems.push(`the FRU ${what} area lies beyond the end of the memory`);
      return undefined;
    }
    const first = await readPieces(read, start, fruBlockBytes, pieceSize);
    const length = new ByteReader(first, 1).u8('fru.areaLength') * fruBlockBytes;
    if (length === 0 || start + length > total) {
      problems.push(`the FRU ${what} area has a wrong length (${length} bytes)`);
      return undefined;
    }
    const rest = await readPieces(read, start + fruBlockBytes, length - fruBlockBytes, pieceSize);
    const bytes = new Uint8Array(length);
    bytes.set(first);
    bytes.set(rest, fruBlockBytes);
    if (!isZeroSum(bytes)) problems.push(`the checksum of the FRU ${what} area is wrong`);
    return tolerate(`${what} area`, () => decode(bytes));
  }
}
