import { getFruInventoryAreaInfo } from '../../../src/ipmi/commands/storage/get-fru-inventory-area-info.ts';
import { readFruData } from '../../../src/ipmi/commands/storage/read-fru-data.ts';
import { fruBytes } from '../fru.ts';
import { type CommandRow, completion, refuse, row } from './row.ts';

const ownFru = 0;
/** As on many boards: more than that is refused with 0xCA, whoever reads has to ask for less. */
const mostBytes = 64;

/** The inventory. IPMI 2.0 §34 */
export const fruCommands: readonly CommandRow[] = [
  row(getFruInventoryAreaInfo, 'user', ({ bmc }, fruId) =>
    fruId === ownFru ? { bytes: fruBytes(bmc.serial).length, byWords: false } : refuse(completion.notPresent),
  ),
  row(readFruData, 'user', ({ bmc }, { fruId, offset, count }) => {
    if (fruId !== ownFru) return refuse(completion.notPresent);
    const bytes = fruBytes(bmc.serial);
    if (count > mostBytes) return refuse(completion.tooManyBytes);
    if (offset >= bytes.length) return refuse(completion.outOfRange);
    const data = bytes.slice(offset, offset + count);
    return { count: data.length, data };
  }),
];
