import { expect, it } from 'vitest';
import { readAll } from '../../../src/console/record/read-all.ts';
import { tailText } from '../../../src/console/record/tail.ts';
import { endOnDisk, printed, scratchDirectory, scratchRecord, until } from './scratch-record.ts';

it('downloads what is kept, from an offset on, up to the end as it was', async () => {
  const directory = scratchDirectory();
  const record = await scratchRecord(directory, { tailBytes: 1000, segmentBytes: 20_000, capBytes: 150_000 });
  for (let offset = 0; offset < 200_000; offset += 1000) {
    record.append(printed(offset, 1000));
    await until(() => endOnDisk(directory) === offset + 1000, 'output on disk');
  }
  const { start } = record.kept();
  for (const from of [undefined, 0, start + 12_345, 199_999, 200_000, 900_000]) {
    const pieces: Uint8Array[] = [];
    for await (const bytes of readAll(record, from)) {
      pieces.push(bytes);
      // It goes on printing.
      record.append(printed(200_000, 10));
    }
    const first = Math.max(start, from ?? 0);
    expect(Buffer.concat(pieces).equals(printed(first, Math.max(0, 200_000 - first)))).toBe(true);
    if (from === undefined) break;
  }
  const late: Uint8Array[] = [];
  for await (const bytes of readAll(record, 900_000)) late.push(bytes);
  expect(late).toEqual([]);
});

it('shows the last lines as people see them', async () => {
  const record = await scratchRecord(scratchDirectory());
  expect(await tailText(record, 10)).toBe('');
  record.append(
    Buffer.from(
      '\r\none\r\n10%\r20%\r30%\r\n\r\n\x1b[31mtwo\x1b[0m   \r\n\x1b[1;1Hlogin: \x07\r\n\r\n\x1b[0m',
    ),
  );
  expect(await tailText(record, 10)).toBe('one\n30%\n\ntwo\nlogin:');
  expect(await tailText(record, 2)).toBe('two\nlogin:');
  record.append(Buffer.from('f'.repeat(70_000)));
  expect((await tailText(record, 1)).startsWith('fff')).toBe(true);
});

it('the tail begins with a whole line', async () => {
  const record = await scratchRecord(scratchDirectory(), { tailBytes: 256 * 1024 });
  for (let line = 0; line < 5000; line++) record.append(Buffer.from(`this is line ${line} of many\n`));
  const lines = (await tailText(record, 100_000)).split('\n');
  expect(lines.every((line) => /^this is line \d+ of many$/.test(line))).toBe(true);
  expect(lines.at(-1)).toBe('this is line 4999 of many');
});
