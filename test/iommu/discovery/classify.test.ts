import { expect, it } from 'vitest';
import { isBoardPart, kindOf, nameOf, typeOf } from '../../../src/iommu/discovery/classify.ts';

it.each([
  ['10de', '030000', 'GPU_Video_Controller', 'gpu-video', false],
  ['10de', '030200', 'GPU_3D_Controller', 'gpu-3d', false],
  ['10de', '040300', 'GPU_Audio_Controller', 'gpu-audio', false],
  ['1002', '038000', 'GPU_Video_Controller', 'gpu-video', false],
  ['1002', '040300', 'GPU_Audio_Controller', 'gpu-audio', false],
  ['10de', '0c0330', 'Generic', 'usb-controller', false],
  ['10de', '068000', 'Generic', 'accelerator', false],
  ['8086', '030000', 'Generic', 'gpu-video', false],
  ['8086', '040300', 'Generic', 'audio', false],
  ['1393', '070002', 'Moxa_Device', 'moxa', false],
  ['8086', '020000', 'Generic', 'ethernet', false],
  ['15b3', '020700', 'Generic', 'infiniband', false],
  ['144d', '010802', 'Generic', 'nvme', false],
  ['1000', '010700', 'Generic', 'storage', false],
  ['8086', '0b4000', 'Generic', 'accelerator', false],
  ['1da3', '120000', 'Generic', 'accelerator', false],
  ['8086', '060000', 'Generic', 'host-bridge', true],
  ['8086', '060100', 'Generic', 'isa-bridge', true],
  ['8086', '060400', 'Generic', 'bridge', true],
  ['8086', '0c0500', 'Generic', 'smbus', true],
  ['1022', '080600', 'Generic', 'other', true],
  ['8086', '088000', 'Generic', 'other', true],
  ['10ee', '088000', 'Generic', 'other', false],
  ['1217', '080501', 'Generic', 'other', false],
  ['ffff', 'ffffff', 'Generic', 'other', false],
] as const)('%s class %s is %s, %s', (vendorId, classCode, type, kind, board) => {
  const facts = { vendorId, classCode };
  expect(typeOf(facts)).toBe(type);
  expect(kindOf(facts)).toBe(kind);
  expect(isBoardPart(facts)).toBe(board);
});

it('names a device by what pciutils knows, else by its ids', () => {
  const ids = { vendorId: '10de', deviceId: '1eb8' };
  expect(nameOf({ ...ids, vendorName: 'NVIDIA Corporation', deviceName: 'Tesla T4' })).toBe(
    'NVIDIA Corporation Tesla T4',
  );
  expect(nameOf({ ...ids, vendorName: undefined, deviceName: undefined })).toBe('vendor 10de device 1eb8');
});
