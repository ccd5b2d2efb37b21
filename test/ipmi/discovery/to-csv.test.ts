import { expect, it } from 'vitest';
import { type DiscoveredBmc, toCsv } from '../../../src/ipmi/index.ts';
import { readBatchFile } from '../../../src/api/batch/file.ts';

const row: DiscoveredBmc = {
  address: '198.51.100.11',
  port: 623,
  reachable: true,
  ipmi: ['2.0'],
  cipherSuites: [3, 17],
  findings: ['no-password-suite'],
  credential: 1,
  username: 'ADMIN',
  vendor: 'Supermicro',
  firmware: '1.5',
  systemGuid: undefined,
  problem: undefined,
};
const credentials = [
  { username: 'root', password: 'not-this' },
  { username: 'ADMIN', password: '=se"cret, with' },
];

const cellsOf = (csv: string) => {
  const { rows, faults } = readBatchFile(csv);
  expect(faults).toEqual([]);
  return rows.map(({ cells }) => cells);
};

it('is a file that the creation of chassis reads, without passwords', () => {
  const csv = toCsv([row, { ...row, address: '198.51.100.12', username: undefined, credential: undefined }]);
  expect(cellsOf(csv)).toEqual([
    expect.objectContaining({
      name: 'bmc-198-51-100-11',
      ipmiAddress: '198.51.100.11',
      ipmiUsername: 'ADMIN',
      ipmiPassword: '',
      ipmiPort: '623',
      description: 'Supermicro, firmware 1.5, findings: no-password-suite',
    }),
    expect.objectContaining({ ipmiAddress: '198.51.100.12', ipmiUsername: '', ipmiPassword: '' }),
  ]);
});

it('has the password that worked when the caller hands its list over, as it is', () => {
  const csv = toCsv([row], { withPasswords: credentials });
  expect(cellsOf(csv)).toEqual([expect.objectContaining({ ipmiPassword: '=se"cret, with' })]);
  expect(toCsv([{ ...row, credential: 7 }], { withPasswords: credentials })).not.toContain('cret');
});

it.each(['=1+1', '+1', '-1', '@x', '\tx', 'x,"y'])('makes the maker %j no formula', (vendor) => {
  const [cells] = cellsOf(toCsv([{ ...row, vendor }]));
  expect(cells?.description).toMatch(/^(?:'|x,"y)/);
});

it('leaves out what does not speak IPMI', () => {
  expect(cellsOf(toCsv([{ ...row, reachable: false }, row])).length).toBe(1);
});
