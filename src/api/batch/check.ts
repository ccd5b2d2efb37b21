import { parseIpv4 } from '../../base/ipv4.ts';
import type { BatchFault, BatchRow } from './file.ts';
import { readBatchFile } from './file.ts';
import type { BatchFacts, BatchLine } from './line.ts';
import { checkRow, macsOf } from './line.ts';

/** A file that was checked whole. */
interface BatchCheck {
  /** Filled lines below the header, faulty ones too. */
  readonly total: number;
  /** In the order of the file; a file with any is not applied. */
  readonly faults: readonly BatchFault[];
  /** The lines without faults. */
  readonly lines: readonly BatchLine[];
  /** Lines whose BMC a chassis has already: told by a check, left out when the file is applied. */
  readonly taken: readonly BatchFault[];
}

/** Rows between two pauses: a few milliseconds in which nothing else of the process runs. */
const rowsAtATime = 100;

const pause = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const bmcOf = ({ ipmiAddress, ipmiPort }: BatchLine): string => `${ipmiAddress}:${ipmiPort}`;

/** What lines of one file take from each other: a BMC or a NIC can be one chassis' only. */
function clashesOf(lines: readonly BatchLine[]): readonly BatchFault[] {
  const bmcs = new Map<string, number>();
  const nics = new Map<string, number>();
  return lines.flatMap((line) => {
    const faults: BatchFault[] = [];
    const at = line.line;
    const bmc = bmcs.get(bmcOf(line));
    if (bmc === undefined) bmcs.set(bmcOf(line), at);
    else
      faults.push({
        line: at,
        column: 'ipmiAddress',
        fault: `line ${bmc} has this address and port already`,
      });
    for (const mac of macsOf(line)) {
      const owner = nics.get(mac);
      const column = line.host?.macs.includes(mac) === true ? 'nics' : 'tags';
      if (owner === undefined) nics.set(mac, at);
      else faults.push({ line: at, column, fault: `line ${owner} has the NIC ${mac} already` });
    }
    return faults;
  });
}

/** Checks a whole batch file; `factsOf` is asked once what there is already. */
export async function checkBatch(content: string, factsOf: () => Promise<BatchFacts>): Promise<BatchCheck> {
  const { rows, faults: formFaults, total } = readBatchFile(content);
  const known = await factsOf();
  const ownAddresses = rows.flatMap((row) => parseIpv4(row.cells.ipmiAddress.trim()) ?? []);
  const facts = { ...known, bmcAddresses: new Set([...known.bmcAddresses, ...ownAddresses]) };
  const faults = [...formFaults];
  const lines: BatchLine[] = [];
  const check = (row: BatchRow): void => {
    const outcome = checkRow(row, facts);
    if ('name' in outcome) lines.push(outcome);
    else faults.push(...outcome);
  };
  for (const [index, row] of rows.entries()) {
    if (index % rowsAtATime === 0) await pause();
    check(row);
  }
  faults.push(...clashesOf(lines));
  const taken = lines.flatMap((line): readonly BatchFault[] => {
    const owner = known.takenBy.get(bmcOf(line));
    const fault = `the BMC ${bmcOf(line)} belongs to chassis "${owner}" already`;
    return owner === undefined ? [] : [{ line: line.line, column: 'ipmiAddress', fault }];
  });
  return {
    total,
    faults: faults.toSorted((a, b) => a.line - b.line),
    lines,
    taken,
  };
}
