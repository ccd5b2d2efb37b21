import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '../../../src/base/bytes.ts';

/** One command as it went over the wire between ipmitool and a BMC. */
export interface Exchange {
  readonly netFn: number;
  readonly lun: number;
  readonly cmd: number;
  /** Request data in hex. */
  readonly request: string;
  readonly completionCode: number;
  /** Reply data without completion code, in hex. */
  readonly reply: string;
}

/** A run of ipmitool: what it printed, and its commands after the login. */
export interface Golden {
  readonly provenance: { readonly console: string; readonly bmc: string; readonly command: string };
  readonly text: string;
  readonly exchanges: readonly Exchange[];
}

const folder = join(import.meta.dirname, '../../fixtures/ipmi-commands');

const goldenFile = (name: string): string => join(folder, `${name}.json`);

/** Names of all captured runs. */
export const goldenNames = (): readonly string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted();

export const golden = (name: string): Golden => JSON.parse(readFileSync(goldenFile(name), 'utf8')) as Golden;

/** Bytes before the data of a request: addresses, netFn/LUN, checksum, sequence, command. IPMI 2.0 §13.8 */
const head = 6;

/** Data of a decrypted message without checksum and padding, whose length is the last byte. IPMI 2.0 §13.8, §13.29 */
const dataOf = (bytes: Uint8Array): Uint8Array =>
  bytes.subarray(head, bytes.length - 2 - (bytes.at(-1) ?? 0));

/** Reads the decrypted messages of a session; a request without answer is left out. */
export function exchangesOf(
  session: ReadonlyArray<{ readonly from: 'console' | 'bmc'; readonly plain: string }>,
): readonly Exchange[] {
  const found: Exchange[] = [];
  let request: Uint8Array | undefined;
  for (const { from, plain } of session) {
    const bytes = fromHex(plain);
    if (from === 'bmc' && request !== undefined) {
      const [, netFnLun = 0, , , , cmd = 0] = request;
      const [completionCode = 0xff, ...reply] = dataOf(bytes);
      found.push({
        netFn: netFnLun >> 2,
        lun: netFnLun & 0x03,
        cmd,
        request: toHex(dataOf(request)),
        completionCode,
        reply: toHex(Uint8Array.from(reply)),
      });
    }
    request = from === 'console' ? bytes : undefined;
  }
  return found;
}

/** A run as a file: an exchange a line. */
export function writeGolden(name: string, { provenance, text, exchanges }: Golden): void {
  const lines = exchanges.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
  const head = JSON.stringify({ provenance, text }, null, 2).replace(/\n\}$/, '');
  writeFileSync(goldenFile(name), `${head},\n  "exchanges": [\n${lines}\n  ]\n}\n`);
}
