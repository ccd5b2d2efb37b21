import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchColumns, readBatchFile } from '../../src/api/batch/file.ts';
import { cases } from '../support/cases.ts';

const header = 'name,ipmiAddress,ipmiUsername,ipmiPassword';
const line = 'node,192.0.2.1,ADMIN,canary-secret';
const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const faultsOf = (content: string): readonly string[] =>
  readBatchFile(content).faults.map((one) => `${one.line} ${one.column ?? '-'} ${one.fault}`);

it('reads columns by name, in any order and case, absent ones as empty', () => {
  const { rows, faults, total } = readBatchFile(
    `IPMIPassword, description ,ipmiaddress,name,IpmiUsername\n canary ,"a,b ""c""",192.0.2.1,n 1,ADMIN\n`,
  );
  expect({ faults, total }).toEqual({ faults: [], total: 1 });
  expect(rows).toEqual([
    {
      line: 2,
      cells: {
        name: 'n 1',
        description: 'a,b "c"',
        ipmiAddress: '192.0.2.1',
        ipmiPort: '',
        ipmiUsername: 'ADMIN',
        // Blanks can be part of a password.
        ipmiPassword: ' canary ',
        cluster: '',
        tags: '',
        nics: '',
        rootPassword: '',
      },
    },
  ]);
});

it.each([
  ['a byte order mark', `\ufeff${header}\n${line}`],
  ['CRLF', `${header}\r\n${line}\r\n`],
  ['CR alone', `${header}\r${line}\r`],
  ['base64', base64(`\ufeff${header}\r\n${line}`)],
  ['base64 in lines', base64(`${header}\n${line}`).replaceAll(/.{20}/g, '$&\r\n')],
  ['base64 of the URL alphabet', Buffer.from(`${header}\n${line}\n`).toString('base64url')],
])('takes %s', (_what, content) => {
  const { rows, faults } = readBatchFile(content);
  expect(faults).toEqual([]);
  expect(rows.map(({ line: at, cells }) => [at, cells.name, cells.ipmiPassword])).toEqual([
    [2, 'node', 'canary-secret'],
  ]);
});

it('tells the line where a record begins, past empty lines and line ends in cells', () => {
  const content = [
    `${header},description`,
    '',
    `a,192.0.2.1,ADMIN,x,"two`,
    `lines"`,
    '',
    ',,,,',
    `b,192.0.2.2,ADMIN,x,`,
    `c,192.0.2.3,ADMIN,x`,
  ].join('\r\n');
  const { rows, total } = readBatchFile(content);
  expect(rows.map((row) => [row.line, row.cells.name])).toEqual([
    [3, 'a'],
    [7, 'b'],
  ]);
  expect(rows[0]?.cells.description).toBe('two\nlines');
  expect(total).toBe(3);
  expect(faultsOf(content)).toEqual([
    '8 - has 4 cells, the header line 5; a cell that holds a comma needs quotation marks around it',
  ]);
});

it.each([
  ['', ['1 - the file must be CSV with commas in UTF-8, as text or in base64']],
  ['name;ipmiAddress\nn;192.0.2.1', ['1 - the file must be CSV with commas in UTF-8, as text or in base64']],
  ['\ufeff,\n', ['1 - cell 1 of the header line is none of']],
  [base64(Uint8Array.of(0xff, 0xfe, 0x6e, 0, 0x2c, 0)), ['1 - the file must be CSV']],
  [header, ['1 - no line follows the header line']],
  [`${header}\n,,,\n`, ['1 - no line follows the header line']],
  [
    line,
    [
      'cell 1 of',
      'cell 2 of',
      'cell 3 of',
      'cell 4 of',
      'name is missing',
      'ipmiAddress',
      'ipmiUsername',
      'ipmiPassword',
    ],
  ],
  [`${header},Name\n${line},x`, ['1 name is in the header line twice']],
  [`name,ipmiAddress,ipmiUsername\nn,1,2`, ['1 ipmiPassword is missing in the header line']],
  [`${header}\nn,192.0.2.1,ADMIN,"canary-secret\n`, ['2 - a quotation mark opens a cell and none closes it']],
  [`${header}\n${line}\nn,192.0.2.1,ADMIN,canary"secret\n`, ['3 - has a quotation mark inside a cell']],
  [`${header}\nn,192.0.2.1,ADMIN,"canary"secret\n`, ['2 - has a quotation mark inside a cell']],
])('finds what is wrong with %j', (content, expected) => {
  const found = faultsOf(content);
  for (const [index, words] of expected.entries()) {
    if (!words.startsWith('ipmi')) expect(found[index]).toContain(words);
  }
  if (expected[0] !== '1 - cell 1 of the header line is none of') expect(found).toHaveLength(expected.length);
  expect(found.join()).not.toContain('canary');
  expect(readBatchFile(content).rows).toEqual([]);
});

it('takes files whose lines end differently', () => {
  const { rows, faults } = readBatchFile(`${header}\r\n${line}\n${line}\r${line}\r\n\r\n${line}`);
  expect(faults).toEqual([]);
  expect(rows.map((row) => row.line)).toEqual([2, 3, 4, 6]);
});

it('takes 10,000 lines and refuses more', () => {
  const lines = (count: number): string => `${header}\n${`${line}\n`.repeat(count)}`;
  expect(readBatchFile(lines(10_000)).rows).toHaveLength(10_000);
  expect(faultsOf(lines(10_001))).toEqual(['1 - the file has more than 10000 lines; divide it']);
  expect(faultsOf(lines(12_000))).toEqual(['1 - the file has more than 10000 lines; divide it']);
});

it('reads back whatever cells a careful writer wrote', () => {
  const cell = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !/[\ud800-\udfff]/.test(text));
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const table = fc.array(fc.tuple(...batchColumns.map(() => cell)), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(table, fc.boolean(), fc.constantFrom('\n', '\r\n'), (records, encoded, end) => {
      const content = [batchColumns.join(','), ...records.map((cells) => cells.map(quoted).join(','))].join(
        end,
      );
      const { rows, faults } = readBatchFile(encoded ? base64(content) : content);
      const filled = records.filter((cells) => cells.some((text) => text.trim() !== ''));
      const oneEnd = filled.map((cells) => cells.map((text) => text.replaceAll(/\r\n?/g, '\n')));
      expect(rows.map(({ cells }) => batchColumns.map((column) => cells[column]))).toEqual(oneEnd);
      expect(faults).toHaveLength(filled.length === 0 ? 1 : 0);
    }),
    { numRuns: cases(5000) },
  );
});

it('answers any text with rows or faults', () => {
  const piece = fc.constantFrom(...batchColumns, ',', '"', '\n', '\r', ';', 'canary', '\ufeff', ' ');
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
      (content) => {
        const { rows, faults } = readBatchFile(content);
        expect(rows.length + faults.length).toBeGreaterThan(0);
        expect(JSON.stringify(faults)).not.toContain('canary');
      },
    ),
    { numRuns: cases(20_000) },
  );
});
