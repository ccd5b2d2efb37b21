import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createCatalogue } from '../../../src/kvm/catalogue/create.ts';
import { KvmError } from '../../../src/kvm/errors.ts';
import type { KvmStore } from '../../../src/kvm/ports.ts';
import type { CatalogueService } from '../../../src/kvm/service.ts';
import { needTools } from '../../support/need.ts';
import { fakeCatalogueStore } from './fake-store.ts';
import { manualTemplate } from './manual-template.ts';

let now = 1000;
let store: KvmStore;
let catalogue: CatalogueService;
const GiB = 1024 ** 3;

beforeEach(() => {
  now = 1000;
  store = fakeCatalogueStore();
  catalogue = createCatalogue({
    store,
    clock: { now: () => now, after: () => () => {} },
    random: (length) => Uint8Array.from(randomBytes(length)),
  });
});

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KvmError);
  const { code, message } = error as KvmError;
  return `${code} ${message}`;
}

describe('instance offerings', () => {
  const small = { name: 'small', cpuNum: 2, memorySize: GiB };

  it('keeps what was given and says Enabled', async () => {
    const uuid = await catalogue.createInstanceOffering({ ...small, sortKey: 3, allocatorStrategy: 'Mine' });
    expect(await store.getInstanceOffering(uuid)).toEqual({
      uuid,
      name: 'small',
      description: undefined,
      cpuNum: 2,
      cpuSpeed: undefined,
      memorySize: GiB,
      type: 'UserVm',
      allocatorStrategy: 'Mine',
      sortKey: 3,
      state: 'Enabled',
      createDate: 1000,
      lastOpDate: 1000,
    });
  });

  it('changes name and state one after the other, and dates them', async () => {
    const uuid = await catalogue.createInstanceOffering(small);
    now = 2000;
    await Promise.all([
      catalogue.updateInstanceOffering(uuid, { name: ' big ' }),
      catalogue.changeInstanceOfferingState(uuid, 'disable'),
    ]);
    expect(await store.getInstanceOffering(uuid)).toMatchObject({
      name: 'big',
      state: 'Disabled',
      createDate: 1000,
      lastOpDate: 2000,
    });
  });

  it.each([
    [{ cpuNum: 0 }, 'cpuNum'],
    [{ cpuNum: 1.5 }, 'cpuNum'],
    [{ memorySize: 16 * 1024 * 1024 - 1 }, 'memorySize: must be a whole number of bytes, at least 16777216'],
    [{ memorySize: Number.NaN }, 'memorySize'],
    [{ name: '  ' }, 'name: must not be empty'],
    [{ name: 'a\nb' }, 'control characters'],
    [{ resourceUuid: 'x' }, 'resourceUuid'],
    [{ sortKey: 0.5 }, 'sortKey'],
  ])('refuses %o', async (wrong, text) => {
    expect(await refusalOf(catalogue.createInstanceOffering({ ...small, ...wrong }))).toContain(text);
  });

  it('refuses a uuid that is taken, and changes of what is not there', async () => {
    const resourceUuid = 'ab'.repeat(16);
    await catalogue.createInstanceOffering({ ...small, resourceUuid });
    expect(await refusalOf(catalogue.createInstanceOffering({ ...small, resourceUuid }))).toContain(
      'conflict',
    );
    await catalogue.deleteInstanceOffering(resourceUuid);
    await catalogue.deleteInstanceOffering(resourceUuid);
    expect(await refusalOf(catalogue.updateInstanceOffering(resourceUuid, {}))).toContain('not-found');
  });
});

describe('images', () => {
  const disk = { name: 'debian', url: 'file:///srv/images/debian 12.qcow2', format: 'qcow2' };

  it('takes a disk and an ISO without their media types', async () => {
    const root = await store.getImage(await catalogue.addImage(disk));
    expect(root).toMatchObject({
      mediaType: 'RootVolumeTemplate',
      status: 'Ready',
      system: false,
      url: disk.url,
    });
    const iso = await store.getImage(await catalogue.addImage({ ...disk, format: 'iso' }));
    expect(iso?.mediaType).toBe('ISO');
  });

  it.each([
    [{ url: 'http://files.example/x.iso' }, 'images are not downloaded; copy the file'],
    [{ url: 'HTTPS://files.example/x.iso' }, 'images are not downloaded'],
    [{ url: '/srv/x.iso' }, 'must be file:// and an absolute path'],
    [{ url: 'file://server/x.iso' }, 'must be file://'],
    [{ url: 'file:///srv/../etc/shadow' }, 'without ".."'],
    [{ url: 'file:///srv//x' }, 'without'],
    [{ url: 'file:///srv/' }, 'must name a file'],
    [{ url: 'file:///srv/a\u0000b' }, 'control characters'],
    [{ url: 'file:///srv/%2e%2e/x' }, 'must not contain %'],
    [{ url: `file:///${'x'.repeat(2048)}` }, 'at most 2048'],
    [{ url: 'file:///dev/sda' }, 'not something in /dev'],
    [{ format: 'vmdk' }, 'format: must be one of raw, qcow2, iso'],
    [{ mediaType: 'ISO' as const }, 'ISO does not go with format qcow2'],
    [
      { format: 'iso', mediaType: 'RootVolumeTemplate' as const },
      'RootVolumeTemplate does not go with format iso',
    ],
  ])('refuses %o', async (wrong, text) => {
    expect(await refusalOf(catalogue.addImage({ ...disk, ...wrong }))).toContain(text);
  });

  it('changes what may change', async () => {
    const uuid = await catalogue.addImage(disk);
    await catalogue.updateImage(uuid, { guestOsType: 'Debian', platform: 'Linux' });
    await catalogue.changeImageState(uuid, 'disable');
    expect(await store.getImage(uuid)).toMatchObject({
      guestOsType: 'Debian',
      platform: 'Linux',
      state: 'Disabled',
    });
    await catalogue.deleteImage(uuid);
    expect(await refusalOf(catalogue.changeImageState(uuid, 'enable'))).toContain('QueryImage lists them');
  });
});

describe('stack templates', () => {
  it.skipIf(!needTools({ tool: 'md5sum', package: 'coreutils' }))(
    'keeps the text byte for byte, with the md5sum that md5sum counts',
    async () => {
      const templateContent = `${manualTemplate} \n\t`;
      const uuid = await catalogue.addStackTemplate({ name: 'stack', templateContent });
      const kept = await store.getStackTemplate(uuid);
      expect(kept).toMatchObject({
        type: 'zstack',
        version: '2018-06-18',
        state: true,
        content: templateContent,
      });
      const peer = execFileSync('md5sum', { input: templateContent, encoding: 'utf8' });
      expect(kept?.md5sum).toBe(peer.slice(0, 32));
    },
  );

  it('stores nothing of a wrong one', async () => {
    const resourceUuid = 'cd'.repeat(16);
    const wrong = { name: 'stack', resourceUuid, templateContent: '{}' };
    expect(await refusalOf(catalogue.addStackTemplate(wrong))).toContain('$.ZStackTemplateFormatVersion');
    expect(await store.getStackTemplate(resourceUuid)).toBeUndefined();
  });
});
