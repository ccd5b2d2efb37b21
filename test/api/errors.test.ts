import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/api/errors.ts';
import { QueryError } from '../../src/api/ports.ts';
import { provisionErrorCodes, toZstackError, zstackErrorTexts } from '../../src/api/zstack/errors.ts';
import { IommuError } from '../../src/iommu/index.ts';
import { KvmError } from '../../src/kvm/index.ts';
import { ProvisionError } from '../../src/provision/index.ts';
import { StoreError } from '../../src/store/errors.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/errors.md'), 'utf8');
const documented = [...page.matchAll(/^\| `([A-Z]+\.\d{4})` \| ([^|]+) \|/gm)].map((match) => [
  match[1],
  match[2]?.trim(),
]);

describe('error codes', () => {
  it('are those of docs/errors.md, both ways, with the same texts', () => {
    expect(documented.length).toBeGreaterThan(10);
    expect(Object.fromEntries(documented)).toEqual(zstackErrorTexts);
    expect(documented.length).toBe(Object.keys(zstackErrorTexts).length);
  });

  it('cover every code of the provisioning domain', () => {
    const source = readFileSync(resolve(import.meta.dirname, '../../src/provision/service.ts'), 'utf8');
    const union = /type ProvisionErrorCode =([^;]+);/.exec(source)?.[1] ?? '';
    const codes = [...union.matchAll(/'([a-z-]+)'/g)].map((match) => match[1]);
    expect(codes.length).toBeGreaterThan(10);
    expect(Object.keys(provisionErrorCodes).toSorted((a, b) => a.localeCompare(b))).toEqual(
      codes.toSorted((a, b) => String(a).localeCompare(String(b))),
    );
  });

  it.each([
    [new ProvisionError('chassis-not-found', 'x'), 503, 'BAREMETAL.1010'],
    [new ProvisionError('power-reset-failed', 'x'), 503, 'BAREMETAL.1303'],
    [new ProvisionError('pxe-server-stopped', 'x'), 503, 'BAREMETAL.1401'],
    [new KvmError('not-found', 'x'), 503, 'SYS.1003'],
    [new KvmError('invalid-argument', 'x'), 503, 'SYS.1007'],
    [new KvmError('host-key-mismatch', 'x'), 503, 'SYS.1006'],
    [new IommuError('iommu-inactive', 'x'), 503, 'SYS.1006'],
    [new IommuError('conflict', 'x'), 503, 'SYS.1007'],
    [new StoreError('conflict', 'x', { data: { reason: 'reference' } }), 503, 'SYS.1006'],
    [new QueryError('no-such-field', 'x'), 503, 'SYS.1007'],
    [new StoreError('conflict', 'x'), 503, 'SYS.1007'],
    [new StoreError('storage-full', 'x'), 503, 'SYS.1006'],
    [new ApiError('bad-request', 'x'), 400, 'SYS.1015'],
    [new ApiError('session-expired', 'x'), 503, 'ID.1001'],
    [new TypeError('x'), 503, 'SYS.1000'],
    ['a string', 503, 'SYS.1000'],
  ])('%s', (error, status, code) => {
    const mapped = toZstackError(error);
    expect([mapped.status, mapped.body.error.code]).toEqual([status, code]);
  });

  it('keep texts of the program and of the database to the log', () => {
    const sql = 'INSERT INTO chassis failed: UNIQUE';
    for (const error of [new TypeError(sql), new StoreError('io', sql), new StoreError('conflict', sql)]) {
      expect(JSON.stringify(toZstackError(error).body)).not.toContain('INSERT');
    }
    const conflict = new StoreError('conflict', sql, { data: { field: 'ipmiAddress' } });
    expect(toZstackError(conflict).body.error.details).toContain('ipmiAddress');
  });

  it('blot out a secret that a deeper room quoted, and cut long texts', () => {
    expect(toZstackError(new KvmError('host-login-failed', 'no'), []).body.error.details).toBe('no');
    const error = new ProvisionError('bmc-failed', `login with s3cr3t failed${'!'.repeat(9000)}`);
    const { details } = toZstackError(error, ['s3cr3t']).body.error;
    expect(details).toContain('login with ****** failed');
    expect(details.length).toBe(4096);
  });
});
