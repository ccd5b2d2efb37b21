import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { firstClient, serverAddress, type TftpLab } from './lab.ts';
import type { FetchOrder, FetchReport } from './orders.ts';
import { builtFolder } from './servers.ts';

/** The largest block in an Ethernet frame. */
const blockSize = 1468;

/** Fetches `file` with atftp, start of the program included; milliseconds. Rejects when a byte is wrong. */
export async function fetchWithAtftp(lab: TftpLab, file: string, windowSize: number): Promise<number> {
  const to = join(lab.folder, 'fetched');
  rmSync(to, { force: true });
  const window = windowSize > 1 ? ['--option', `windowsize ${windowSize}`] : [];
  const options = ['--option', `blksize ${blockSize}`, ...window];
  const begun = performance.now();
  const { status, stderr } = await lab.run(['atftp', ...options, '-g', '-r', file, '-l', to, serverAddress]);
  const ms = performance.now() - begun;
  if (status !== 0) throw new Error(`atftp ended with ${status}: ${stderr}`);
  if (!readFileSync(to).equals(readFileSync(join(lab.folder, file))))
    throw new Error(`${file} arrived changed`);
  return ms;
}

/** Fetches `file` with the load client, `clients` at once; rejects when one of them did not get every byte. */
export async function fetchWithMany(
  lab: TftpLab,
  { file, clients, windowSize }: Pick<FetchOrder, 'file' | 'clients' | 'windowSize'>,
): Promise<FetchReport> {
  const order: FetchOrder = {
    server: serverAddress,
    file,
    path: join(lab.folder, file),
    blockSize,
    windowSize,
    clients,
    firstAddress: firstClient,
  };
  const { stdout, stderr } = await lab.run([
    process.execPath,
    resolve(builtFolder, 'client.js'),
    JSON.stringify(order),
  ]);
  const report = JSON.parse(stdout || '{}') as FetchReport;
  if (report.right !== clients)
    throw new Error(`${clients - (report.right ?? 0)} of ${clients} fetches failed ${stderr}`);
  return report;
}
