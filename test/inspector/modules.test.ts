import { expect, it } from 'vitest';
import { parseKernelDepends } from '../../inspector/builder/kernel.ts';
import { parseModuleIndex, parseModuleList, selectModules } from '../../inspector/builder/modules.ts';
import { BuildError } from '../../inspector/builder/tools.ts';

const index = parseModuleIndex(
  [
    'kernel/drivers/net/virtio_net.ko: kernel/net/core/failover.ko kernel/drivers/virtio/virtio.ko',
    'kernel/net/core/failover.ko:',
    'kernel/drivers/virtio/virtio.ko:',
    'kernel/drivers/net/ethernet/intel/igb/igb.ko: kernel/drivers/dca/dca.ko',
    'kernel/drivers/net/ethernet/intel/ice/ice.ko:',
    'kernel/drivers/dca/dca.ko:',
    'kernel/lib/libcrc32c.ko:',
    'kernel/crypto/crc32c_generic.ko:',
    'kernel/drivers/net/ethernet/broadcom/bnx2x/bnx2x.ko: kernel/lib/libcrc32c.ko',
  ].join('\n'),
  'softdep libcrc32c pre: crc32c\n',
  'alias crc32c crc32c_generic\nalias pci:v00008086d* igb\n',
);

it('takes files and folders with all they need, once and in order', () => {
  const list = parseModuleList('# a reason\n\ndrivers/net/virtio_net # why\ndrivers/net/ethernet/intel/\n');
  expect(selectModules(list, index)).toEqual([
    'kernel/drivers/dca/dca.ko',
    'kernel/drivers/net/ethernet/intel/ice/ice.ko',
    'kernel/drivers/net/ethernet/intel/igb/igb.ko',
    'kernel/drivers/net/virtio_net.ko',
    'kernel/drivers/virtio/virtio.ko',
    'kernel/net/core/failover.ko',
  ]);
});

it('follows a soft dependency through its alias', () => {
  expect(selectModules(['drivers/net/ethernet/broadcom/bnx2x/'], index)).toContain(
    'kernel/crypto/crc32c_generic.ko',
  );
});

it('refuses a line that matches nothing', () => {
  expect(() => selectModules(['drivers/net/gone', 'drivers/net/old/'], index)).toThrow(
    new BuildError('input', 'this kernel has no module drivers/net/gone, drivers/net/old/'),
  );
});

it('finds the versioned kernel package behind the meta package', () => {
  const control = 'Package: linux-image-amd64\nDepends: linux-image-6.1.0-9-amd64 (= 6.1.27-1)\nSize: 1\n';
  expect(parseKernelDepends(control)).toEqual({ name: 'linux-image-6.1.0-9-amd64', version: '6.1.27-1' });
  expect(parseKernelDepends('Package: x\nDepends: libc6\n')).toBeUndefined();
});
