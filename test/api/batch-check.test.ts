import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkBatch } from '../../src/api/batch/check.ts';
import { batchColumns } from '../../src/api/batch/file.ts';
import type { BatchFacts } from '../../src/api/batch/line.ts';
import { createTagService } from '../../src/platform/tags.ts';
import { cases } from '../support/cases.ts';

const tags = createTagService({
  store: {} as never,
  effect: async () => {},
  clock: { now: () => 0, after: () => () => undefined },
  random: (length) => new Uint8Array(length),
});
const rack = { uuid: 'a'.repeat(32), name: 'rack 1' };
const facts: BatchFacts = {
  clusters: [rack, { uuid: 'b'.repeat(32), name: 'twin' }, { uuid: 'd'.repeat(32), name: 'twin' }],
  takenBy: new Map([['198.51.100.9:623', 'old node']]),
  bmcAddresses: new Set(['198.51.100.9']),
  tagsFit(systemTags, userTags) {
    try {
      tags.checkGiven('BaremetalChassisVO', { systemTags, userTags });
      return true;
    } catch {
      return false;
    }
  },
};

type Cells = Partial<Record<(typeof batchColumns)[number], string>>;
const good = { name: 'node', ipmiUsername: 'ADMIN', ipmiPassword: 'canary-secret' };
const fileOf = (lines: readonly Cells[]): string =>
  [batchColumns, ...lines.map((line) => batchColumns.map((column) => line[column] ?? ''))]
    .map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
    .join('\n');
const check = (...lines: readonly Cells[]) =>
  checkBatch(
    fileOf(lines.map((line, index) => ({ ...good, ipmiAddress: `192.0.2.${index + 1}`, ...line }))),
    async () => facts,
  );
const nic = (last: string): string => `52:54:00:00:00:${last}`;

it('makes of a full line what creates its chassis', async () => {
  const { lines, faults, total } = await check({
    name: ' node 7 ',
    description: 'two\nlines',
    ipmiPort: '6230',
    ipmiPassword: ' canary ',
    cluster: 'rack 1',
    tags: `bootMac::${nic('01').toUpperCase()}; bootMode::uefi;skipIpmiCheck::true ;user: row A`,
    nics: `${nic('01')} pxe 10.0.0.7/24`,
    rootPassword: 'canary-root',
  });
  expect(faults).toEqual([]);
  expect(total).toBe(1);
  expect(lines).toEqual([
    {
      line: 2,
      name: 'node 7',
      description: 'two\nlines',
      ipmiAddress: '192.0.2.1',
      ipmiPort: 6230,
      ipmiUsername: 'ADMIN',
      ipmiPassword: ' canary ',
      clusterUuid: rack.uuid,
      systemTags: [`bootMac::${nic('01').toUpperCase()}`, 'bootMode::uefi', 'skipIpmiCheck::true'],
      userTags: ['row A'],
      host: {
        cfgItems: {
          nicCfgs: [{ mac: nic('01'), pxe: true, ip: '10.0.0.7', netmask: '255.255.255.0' }],
          bondings: [],
          vlans: [],
        },
        macs: [nic('01')],
        ips: ['10.0.0.7'],
      },
      rootPassword: 'canary-root',
    },
  ]);
});

it('takes a cluster by uuid, a port by default and cfgItems as JSON', async () => {
  const cfgItems = { nicCfgs: [{ mac: nic('02'), pxe: 'TRUE' }] };
  const { lines, faults } = await check({ cluster: rack.uuid.toUpperCase(), nics: JSON.stringify(cfgItems) });
  expect(faults).toEqual([]);
  expect(lines).toMatchObject([{ clusterUuid: rack.uuid, ipmiPort: 623, host: { cfgItems }, userTags: [] }]);
});

it.each<[Cells, string, string]>([
  [{ name: ' ' }, 'name', 'must not be empty'],
  [{ name: 'a\nb' }, 'name', 'control characters'],
  [{ name: 'x'.repeat(256) }, 'name', '255'],
  [{ description: 'x'.repeat(2049) }, 'description', '2048'],
  [{ ipmiAddress: 'bmc7.example' }, 'ipmiAddress', 'IPv4'],
  [{ ipmiAddress: '192.0.2.300' }, 'ipmiAddress', 'IPv4'],
  [{ ipmiPort: '0' }, 'ipmiPort', '1 to 65535'],
  [{ ipmiPort: '65536' }, 'ipmiPort', '1 to 65535'],
  [{ ipmiPort: '6e2' }, 'ipmiPort', '1 to 65535'],
  [{ ipmiUsername: '' }, 'ipmiUsername', 'must not be empty'],
  [{ ipmiUsername: 'x'.repeat(17) }, 'ipmiUsername', '16 bytes'],
  [{ ipmiPassword: '' }, 'ipmiPassword', 'must not be empty'],
  [{ ipmiPassword: 'é'.repeat(11) }, 'ipmiPassword', '20 bytes'],
  [{ ipmiPassword: '******' }, 'ipmiPassword', 'in place of a password'],
  [{ cluster: 'nowhere' }, 'cluster', 'QueryCluster'],
  [{ cluster: 'e'.repeat(32) }, 'cluster', 'QueryCluster'],
  [{ cluster: 'twin' }, 'cluster', '2 clusters have this name'],
  [{ tags: 'bootMode::uefi;canary-tag' }, 'tags', 'tag 2 is none'],
  [{ tags: 'bootMac::canary' }, 'tags', 'tag 1 is none'],
  [{ tags: 'validationOnly' }, 'tags', 'check the file instead'],
  [{ tags: 'user:' }, 'tags', 'tag 1 is none'],
  [{ nics: 'canary' }, 'nics', 'entry 1 must begin with a MAC address'],
  [{ nics: '{canary' }, 'nics', 'no JSON object'],
  [{ nics: nic('01') }, 'nics', 'one and only one pxe=true'],
  [{ nics: '{"nicCfgs":[]}' }, 'nics', 'nicCfgs is missing'],
  [{ nics: `${nic('01')} pxe 192.0.2.0/24` }, 'nics', 'network address'],
  [{ nics: `${nic('01')} pxe 198.51.100.9/24` }, 'nics', 'BMC address of a chassis'],
  [{ nics: `${nic('01')} pxe 192.0.2.1/24` }, 'nics', 'BMC address of a chassis'],
  [{ rootPassword: 'canary-root' }, 'rootPassword', 'needs a NIC plan'],
  [{ rootPassword: 'a\u0000canary', nics: `${nic('01')} pxe` }, 'rootPassword', 'control characters'],
])('finds the fault of %j', async (cells, column, words) => {
  const { faults, lines } = await check(cells);
  expect(lines).toEqual([]);
  expect(faults).toEqual([{ line: 2, column, fault: expect.stringContaining(words) as string }]);
  expect(JSON.stringify(faults)).not.toContain('canary');
});

it('finds no fault in the sample of the documentation', async () => {
  const text = readFileSync(new URL('../../docs/batch.md', import.meta.url), 'utf8');
  const sample = /```csv\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const { lines, faults } = await checkBatch(sample, async () => facts);
  expect(faults).toEqual([]);
  expect(lines.map(({ name, ipmiPassword, clusterUuid }) => [name, ipmiPassword, clusterUuid])).toEqual([
    ['r1-u01', 'change-me-1', rack.uuid],
    ['r1-u02', 'change-me-2', rack.uuid],
    ['r1-u03', 'with,comma', undefined],
  ]);
});

it('lists every fault of a file by line, one a column', async () => {
  const { faults, total } = await check({}, { name: '', ipmiPort: 'x' }, {}, { ipmiAddress: '' });
  expect(total).toBe(4);
  expect(faults.map(({ line, column }) => [line, column])).toEqual([
    [3, 'name'],
    [3, 'ipmiPort'],
    [5, 'ipmiAddress'],
  ]);
});

it('finds what lines take from each other', async () => {
  const { faults } = await check(
    { ipmiAddress: '203.0.113.1', tags: `bootMac::${nic('01')}`, nics: `${nic('01')} pxe` },
    { ipmiAddress: '203.0.113.1', ipmiPort: '624' },
    { ipmiAddress: '203.0.113.1', ipmiPort: '623' },
    { nics: `${nic('02')} pxe; b0=${nic('01')}` },
    { tags: `bootMac::${nic('02').toUpperCase()}` },
  );
  expect(faults).toEqual([
    { line: 4, column: 'ipmiAddress', fault: 'line 2 has this address and port already' },
    { line: 5, column: 'nics', fault: `line 2 has the NIC ${nic('01')} already` },
    { line: 6, column: 'tags', fault: `line 5 has the NIC ${nic('02')} already` },
  ]);
});

it('tells apart what chassis have already: that is no fault of the file', async () => {
  const { faults, taken, lines } = await check({ ipmiAddress: '198.51.100.9' }, {});
  expect(faults).toEqual([]);
  expect(lines).toHaveLength(2);
  const fault = 'the BMC 198.51.100.9:623 belongs to chassis "old node" already';
  expect(taken).toEqual([{ line: 2, column: 'ipmiAddress', fault }]);
  expect((await check({ ipmiAddress: '198.51.100.9', ipmiPort: '624' })).taken).toEqual([]);
});

it('never shows a password, whichever column it slipped into', async () => {
  const password = fc.stringMatching(/^[A-Z]{4}[a-z0-9!@#$%^&*{}=+/.:;-]{6,12}$/);
  const other = fc.constantFrom(
    '',
    'node',
    '192.0.2.1',
    '623',
    'ADMIN',
    'rack 1',
    'bootMode::uefi',
    `${nic('01')} pxe`,
  );
  await fc.assert(
    fc.asyncProperty(
      password,
      fc.array(other, { minLength: batchColumns.length, maxLength: batchColumns.length }),
      fc.nat(batchColumns.length - 1),
      async (secret, cells, slot) => {
        const line = Object.fromEntries(
          batchColumns.map((column, index) => [column, index === slot ? secret : (cells[index] ?? '')]),
        );
        const { faults, taken } = await checkBatch(fileOf([line]), async () => facts);
        expect(JSON.stringify([faults, taken])).not.toContain(secret);
      },
    ),
    { numRuns: cases(5000) },
  );
});
