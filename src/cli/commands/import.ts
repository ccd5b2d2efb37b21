import { createReadStream } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import type { Answer } from '../client.ts';
import { rowsOf } from '../client.ts';
import type { Command, CommandContext } from '../command.ts';
import { callWithProgress, refuseWords, wordAt } from '../command.ts';
import { CliError } from '../errors.ts';
import { readBounded } from '../io.ts';
import { plain, renderTable } from '../output.ts';

const path = '/baremetal/chassis/from-file';
/** What the server takes of a file. */
const maxFileBytes = 921_600;
/** What it takes of a request: the file with a backslash before each quotation mark and line end. */
const maxBodyBytes = 1_048_576;

interface BatchBody {
  readonly params: { readonly baremetalChassisInfo: string };
}

/** The request for a file, `-` being standard input. Rejects with CliError `local-file`, which quotes nothing of it. */
async function readBatch(context: CommandContext, file: string): Promise<BatchBody> {
  const unfit = (why: string): CliError =>
    new CliError('local-file', `${file === '-' ? 'standard input' : file} ${why}`);
  const tooLarge = unfit(
    'is larger than the 900 KiB that the server takes at once: split it, with its header line on each part',
  );
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readBounded(file === '-' ? context.io.stdin : createReadStream(file), maxFileBytes);
  } catch (error) {
    throw unfit(`cannot be read: ${messageOf(error)}`);
  }
  if (bytes === undefined) throw tooLarge;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unfit('is not in UTF-8: save it as "CSV UTF-8"');
  }
  if (text.trim() === '') throw unfit('is empty');
  const body = { params: { baremetalChassisInfo: text } };
  if (Buffer.byteLength(JSON.stringify(body)) > maxBodyBytes) throw tooLarge;
  return body;
}

function renderFault({ line, column, fault }: Answer): string {
  const where = column === undefined ? '' : `, ${plain(column)}`;
  return `line ${plain(line)}${where}: ${plain(fault)}`;
}

const counted = (count: unknown, one: string, many: string): string =>
  count === 1 ? `1 ${one}` : `${plain(count)} ${many}`;

/** Shows what a check found; rejects with CliError `refused` when that are faults. */
function showCheck({ show }: CommandContext, answer: Answer): void {
  const faults = rowsOf(answer, 'faults');
  const good = `${counted(answer['total'], 'line', 'lines')}, no fault`;
  show(answer, () => (answer['success'] === true ? good : faults.map(renderFault).join('\n')));
  if (answer['success'] === true) return;
  const first = answer['faultCount'] === faults.length ? '' : `; above are the first ${faults.length}`;
  throw new CliError('refused', `${counted(answer['faultCount'], 'fault', 'faults')}${first}`);
}

function resultRow({ line, name, success, uuid, error }: Answer): Answer {
  const { details, code } = (error ?? {}) as Answer;
  return success === true
    ? { line, name, result: 'created', detail: uuid }
    : { line, name, result: 'failed', detail: `${plain(details)} (${plain(code)})` };
}

/** Shows what became of each line; rejects with CliError `refused` when any failed. */
function showResults({ show }: CommandContext, answer: Answer): void {
  const rows = rowsOf(answer, 'inventories').map(resultRow);
  const total = counted(answer['total'], 'line', 'lines');
  show(answer, () =>
    [
      renderTable(['line', 'name', 'result', 'detail'], rows),
      `${plain(answer['succeeded'])} of ${total} created`,
    ].join('\n'),
  );
  if (answer['failed'] === 0) return;
  throw new CliError(
    'refused',
    `${plain(answer['failed'])} of ${total} failed; correct them and import the file again, what is there stays as it is`,
  );
}

export const importCommands: readonly Command[] = [
  {
    name: 'chassis import',
    usage: 'chassis import FILE.csv|- [--check]',
    about:
      'add the machines of a CSV file (docs/batch.md has its columns), each after a login to its BMC; --check only lists its faults',
    options: { check: { type: 'boolean' } },
    async run(context) {
      const file = wordAt(context, 0, 'the CSV file (- for standard input)');
      refuseWords(context, 1);
      const body = await readBatch(context, file);
      const check = () => context.client.call('POST', `${path}/check`, body);
      if (context.options['check'] === true) {
        showCheck(context, await check());
        return;
      }
      // Thousands of machines that do not answer take hours; the work goes on when the waiting is broken off.
      const options = { timeoutMs: Number.POSITIVE_INFINITY };
      let answer: Answer;
      try {
        answer = await callWithProgress(context, 'chassis import', 'POST', path, body, options);
      } catch (error) {
        // The refusal names only the first faults, in one line.
        const isFaulty = error instanceof CliError && error.data['zstackCode'] === 'SYS.1007';
        if (isFaulty) showCheck(context, await check());
        throw error;
      }
      showResults(context, answer);
    },
  },
];
